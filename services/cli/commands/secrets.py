"""`nightkeep secret`: the files that `secret:<name>` stands for; a secret is never an argument and never travels."""

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import BaseModel

from services.cli.commands import options
from services.cli.local import local_connection
from services.cli.session import session_of

commands = typer.Typer(name="secret", help="Secrets on this machine: put, list, remove.", no_args_is_help=True)

_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,200}[A-Za-z0-9])?")

Name = Annotated[str, typer.Argument(help="The name; environments refer to it as `secret:NAME`.")]
Directory = Annotated[
    Path | None,
    typer.Option(
        "--directory",
        envvar="NIGHTKEEP_SECRETS_DIRECTORY",
        help="Where the services read secrets; the local stack's own unless given.",
    ),
]


class Secret(BaseModel):
    """A secret's name; its value is never shown."""

    name: str


@commands.command()
def put(context: typer.Context, *, name: Name, directory: Directory = None) -> None:
    """Keep a secret, read from standard input or asked for; one that is there is replaced."""
    session = session_of(context)
    path = _path(directory, name)
    value = _read()
    if not value:
        raise typer.BadParameter("the secret is empty: nothing was written")
    _write(path, value)
    session.note(f"kept: refer to it as secret:{name}")


@commands.command("list")
def list_secrets(context: typer.Context, *, directory: Directory = None, as_json: options.AsJson = False) -> None:
    """Show the names of all secrets."""
    session = session_of(context, as_json=as_json)
    place = _directory(directory)
    names = sorted(path.name for path in place.iterdir() if path.is_file() and _NAME.fullmatch(path.name))
    session.tell([Secret(name=name) for name in names], "\n".join(names) or "no secrets yet: `nightkeep secret put`")


@commands.command()
def remove(context: typer.Context, *, name: Name, directory: Directory = None, yes: options.Yes = False) -> None:
    """Forget a secret; environments that refer to it fail their next work."""
    session = session_of(context)
    path = _path(directory, name)
    if not path.is_file():
        raise typer.BadParameter(f"there is no secret {name!r}: see `nightkeep secret list`")
    if not yes:
        typer.confirm(f"Remove the secret {name}?", abort=True)
    path.unlink()
    session.note(f"removed {name}")


def _directory(given: Path | None) -> Path:
    directory = given or local_connection().secrets_directory
    if directory is None:
        raise typer.BadParameter("where do the services read secrets? give --directory or NIGHTKEEP_SECRETS_DIRECTORY")
    if not directory.is_dir():
        raise typer.BadParameter(f"{directory} is no directory: make it with mode 0700 for the services' user")
    return directory


def _path(directory: Path | None, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise typer.BadParameter("a secret's name has letters, digits, '-', '_' and '.', a letter or digit at each end")
    return _directory(directory) / name


def _read() -> bytes:
    """From a pipe as it is, without the line feed that `echo` adds; from a person without showing it."""
    if sys.stdin.isatty():
        typed: str = typer.prompt("Secret", hide_input=True, confirmation_prompt=True)
        return typed.encode()
    return sys.stdin.buffer.read().removesuffix(b"\n")


def _write(path: Path, value: bytes) -> None:
    """Whole or not at all, and never readable by others, not even for a moment (mkstemp makes it 0600)."""
    handle, temporary = tempfile.mkstemp(prefix=".", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            if os.geteuid() == 0:
                _give_to_owner_of(path.parent, file.fileno())
            file.write(value)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _give_to_owner_of(directory: Path, handle: int) -> None:
    """The services may run as another user than the root who puts the secret; the directory is theirs."""
    owner = directory.stat()
    os.fchown(handle, owner.st_uid, owner.st_gid)
