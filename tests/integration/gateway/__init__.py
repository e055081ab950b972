"""The gateway before a real catalog, on real servers."""
