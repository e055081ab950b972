"""Where the restore service touches Kafka."""
