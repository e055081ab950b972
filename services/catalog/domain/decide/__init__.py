"""Decisions: what a command does to the states it was shown. Each returns the event, or raises RefusedError."""
