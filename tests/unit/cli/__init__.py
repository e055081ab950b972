"""The command line without a gateway."""
