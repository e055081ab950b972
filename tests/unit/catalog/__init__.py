"""The catalog's rules by themselves."""
