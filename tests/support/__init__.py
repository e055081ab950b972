"""What tests stand on: engines, fresh databases, topics and buckets."""
