"""Kafka as the product uses it, against a real broker."""
