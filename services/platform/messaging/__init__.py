"""Kafka, told apart from everything else: the only place that imports aiokafka."""
