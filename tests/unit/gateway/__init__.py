"""The gateway's own rules."""
