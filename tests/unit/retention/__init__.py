"""The rules of the retention service."""
