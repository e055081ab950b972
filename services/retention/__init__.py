"""Removes what the catalog has let go."""
