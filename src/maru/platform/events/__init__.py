"""What happened, in order: the outbox that a transaction writes and the relay that hands it to the stream."""
