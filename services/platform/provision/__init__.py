"""What must be there before the first service starts: database, roles, topics, bucket; safe to run again."""
