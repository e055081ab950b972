"""What a person does with a repository and a key alone: no Kafka, no PostgreSQL, no catalog (contracts/FORMAT.md)."""
