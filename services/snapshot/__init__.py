"""Takes backups: database and file documents as one restore point."""
