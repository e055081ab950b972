"""Where a service's events are decided and kept: the optimistic lock, the outbox, outcomes and places in the log."""
