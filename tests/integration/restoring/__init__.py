"""Restoring, on real servers."""
