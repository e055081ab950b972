"""The local stack on this machine, where it is installed: its commands, and what a person need not type."""

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import typer


class LocalConnection(NamedTuple):
    """The local stack's gateway, its sample credentials, its secrets, and how to reach its store and by which key.

    Each is None where there is none.
    """

    gateway_url: str | None = None
    credentials_file: Path | None = None
    secrets_directory: Path | None = None
    connections_file: Path | None = None
    repository_key_file: Path | None = None


def stack_is_here() -> bool:
    """Whether the local stack is installed; an image of the services does without."""
    return find_spec("infra") is not None


def add_stack_commands(app: typer.Typer) -> None:
    """Add `up`, `down`, `status`, `wait` and `logs`."""
    from services.cli import stack  # noqa: PLC0415 -- it is not there in an image of the services

    stack.register(app)


def local_connection() -> LocalConnection:
    """What the local stack says of itself, if it is there and up."""
    if not stack_is_here():
        return LocalConnection()
    from services.cli import stack  # noqa: PLC0415 -- as above

    found = stack.local_stack()
    return LocalConnection(
        gateway_url=found.endpoints.gateway_url if found.endpoints else None,
        credentials_file=found.sample.credentials_file if found.sample else None,
        secrets_directory=found.secrets_directory,
        connections_file=found.endpoints.connections_file if found.endpoints else None,
        repository_key_file=stack.local_repository_key(),
    )
