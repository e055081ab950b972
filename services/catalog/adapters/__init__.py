"""The catalog's rim: its decision rows in PostgreSQL."""
