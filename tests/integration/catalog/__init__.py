"""The catalog against real Kafka and PostgreSQL."""
