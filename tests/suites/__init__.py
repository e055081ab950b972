"""Behaviours that every adapter of a port shares."""
