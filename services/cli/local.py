"""Where the local stack on this machine is, if it is up: what a person need not type."""

from pathlib import Path
from typing import NamedTuple


class LocalConnection(NamedTuple):
    """The local stack's gateway, its sample credentials and its secrets; each None where there is none."""

    gateway_url: str | None = None
    credentials_file: Path | None = None
    secrets_directory: Path | None = None


def local_connection() -> LocalConnection:
    """What the local stack says of itself."""
    return LocalConnection()
