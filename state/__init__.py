"""What Tandem remembers: organisations, accounts, spaces, links and bases, cursors, the journal, sealed secrets."""
