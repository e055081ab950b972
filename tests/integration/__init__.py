"""One part against real engines."""
