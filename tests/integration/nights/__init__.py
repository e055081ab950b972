"""The snapshot service on real engines."""
