"""Names and values inside SQL and connection strings, for the statements that take no parameters."""


def identifier(name: str) -> str:
    """A name as SQL takes it: always quoted, so that it is never a keyword."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A text as SQL takes it, whatever `standard_conforming_strings` says."""
    quoted = value.replace("'", "''")
    return "E'" + quoted.replace("\\", "\\\\") + "'" if "\\" in quoted else f"'{quoted}'"


def conninfo(parts: dict[str, str]) -> str:
    """A libpq connection string; unlike a bare database name it cannot be taken for something else."""
    return " ".join(f"{key}='{_escaped(value)}'" for key, value in parts.items())


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")
