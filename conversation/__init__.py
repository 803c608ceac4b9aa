"""Where a message changes hands: inbox, outbox, ownership, participants, the event stream."""
