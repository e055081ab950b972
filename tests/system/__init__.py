"""Whole processes, as a person or a script meets them."""
