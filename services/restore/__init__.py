"""Brings a backup into a destination environment, beside the live data, and switches at the end."""
