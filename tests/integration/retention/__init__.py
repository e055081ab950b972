"""The retention service on real engines."""
