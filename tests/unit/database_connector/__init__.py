"""The pure parts of the database connector."""
