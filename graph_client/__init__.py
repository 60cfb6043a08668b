"""Microsoft 365 as one side of a sync: sign-in, one session per mailbox, contacts behind the engine's port."""
