"""The gateway's rim: PostgreSQL for keys, outcomes and the read model, Kafka for commands and progress."""
