"""Owns apps, environments and backups: answers every command and projects the log into the read model."""
