"""HTTP for people and scripts: requests become commands, reads come from the read model."""
