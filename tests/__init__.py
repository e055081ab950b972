"""Tests: behaviour, through the front door, on real engines."""
