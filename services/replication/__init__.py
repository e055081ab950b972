"""Copies backups into a second region."""
