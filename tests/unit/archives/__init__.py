"""Archives: how they are written, indexed and made again."""
