"""The groups of `nightkeep`: one module each, one function per command."""
