"""The pure parts of the restore service."""
