"""Expects a backup of every environment every night, and tells what became of each (spec: retention §1)."""
