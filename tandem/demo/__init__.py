"""The demo: a made-up firm, synced before your eyes with the real program against an emulated Microsoft 365."""
