"""The forms in which a backup leaves the platform, made on the fly and made again from an index, byte for byte."""
