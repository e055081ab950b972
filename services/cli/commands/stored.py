"""What all commands on stored backups have: where these are, by which key, and how errors end."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from services.cli.errors import GatewayError, NotFoundError, RefusedError, UnreachableError
from services.platform.process.errors import NightkeepError, TransientError
from services.platform.repository.errors import ManifestMissingError

Directory = Annotated[
    Path | None,
    typer.Option(
        "--directory",
        help="A directory that holds the repository; else the bucket of NIGHTKEEP_S3__…, else the local stack's.",
    ),
]
MasterKey = Annotated[
    Path | None,
    typer.Option("--master-key", metavar="FILE", help="Its key file, instead of NIGHTKEEP_REPOSITORY__KEY_FILE."),
]
OneEnvironment = Annotated[UUID | None, typer.Option("--environment", metavar="ID", help="Only this environment.")]


@contextmanager
def told() -> Iterator[None]:
    """The errors of a store and a key, as the command line ends with them."""
    try:
        yield
    except NightkeepError as error:
        raise _as_ours(error) from error


def _as_ours(error: NightkeepError) -> GatewayError:
    if isinstance(error, ManifestMissingError):
        return NotFoundError(error.reason)
    return UnreachableError(error.reason) if isinstance(error, TransientError) else RefusedError(error.reason)
