"""The command line before a real gateway and a real catalog."""
