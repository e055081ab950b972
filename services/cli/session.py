"""What one run of the command line knows: which gateway, whose key, and whether a person or a script reads along."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import typer
from rich.console import Console, RenderableType

from services.cli.errors import UnauthorizedError, UnreachableError
from services.cli.local import local_connection

if TYPE_CHECKING:
    from pydantic import BaseModel

    from services.cli.client import Gateway

API_KEY: Final = "NIGHTKEEP_API_KEY"
"""Only from the environment, never an option: arguments are seen by everybody on the machine."""
PIPE_COLUMNS: Final = 160


class Credentials(NamedTuple):
    """Whose key it is, and the key."""

    user: str
    api_key: str


@dataclass
class Session:
    """Where to reach the gateway and how to answer; made by the root command from options and environment."""

    url: str | None = None
    user: str | None = None
    api_key: str | None = field(default=None, repr=False)
    key_file: Path | None = None
    as_json: bool = False
    out: Console = field(default_factory=lambda: Console(width=_width()))
    err: Console = field(default_factory=lambda: Console(stderr=True))

    def gateway(self, *, without_key: bool = False) -> "Gateway":
        """A connection, by what was given, else to the local stack. Raises UnreachableError, UnauthorizedError."""
        # It takes longer to import than all else; a command that asks no gateway does without.
        from services.cli.client import Gateway  # noqa: PLC0415 -- see above

        url = self.url or local_connection().gateway_url
        if url is None:
            raise UnreachableError(
                "no gateway is known: start the local stack with `nightkeep up`, or give --url (NIGHTKEEP_URL)"
            )
        user, api_key = ("", "") if without_key else self._credentials()
        return Gateway(url, user, api_key)

    def tell(self, thing: "BaseModel | Sequence[BaseModel]", shown: RenderableType) -> None:
        """The thing itself for a script, or how it is shown for a person, on standard output."""
        if self.as_json:
            self.out.print_json(_json(thing), indent=2, highlight=False)
        else:
            self.out.print(shown)

    def note(self, text: str) -> None:
        """One line for a person, on standard error, out of the way of what is piped."""
        if not self.as_json:
            self.err.print(text, markup=False, highlight=False)

    def _credentials(self) -> Credentials:
        key_file = self.key_file or (None if self.api_key else local_connection().credentials_file)
        kept = None if key_file is None else read_key_file(key_file)
        user = self.user or (kept.user if kept else "")
        api_key = self.api_key or (kept.api_key if kept else "")
        if not user or not api_key:
            raise UnauthorizedError(
                "no key is known: give --user and --key-file, or NIGHTKEEP_USER and NIGHTKEEP_API_KEY;"
                " the first key comes from `nightkeep admin init`"
            )
        return Credentials(user, api_key)


def read_key_file(path: Path) -> Credentials:
    """A file with JSON `{user, api_key}`, or with a key alone. Raises BadParameter when it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"the key file {path} cannot be read: {error}") from error
    if not text.startswith("{"):
        return Credentials("", text)
    try:
        kept = json.loads(text)
        return Credentials(str(kept["user"]), str(kept["api_key"]))
    except (ValueError, KeyError) as error:
        raise typer.BadParameter(f"the key file {path} holds neither a key nor {{user, api_key}}") from error


def session_of(context: typer.Context, *, as_json: bool = False) -> Session:
    """The session that the root command made; from here on it answers in JSON where a command was told so."""
    session = context.find_root().obj
    if not isinstance(session, Session):
        raise TypeError("the root command makes the session")
    session.as_json = session.as_json or as_json
    return session


def _width() -> int | None:
    """The terminal's own; into a pipe wide enough that no id is broken."""
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else PIPE_COLUMNS


def _json(thing: "BaseModel | Sequence[BaseModel]") -> str:
    if isinstance(thing, Sequence):
        return f"[{','.join(one.model_dump_json() for one in thing)}]"
    return thing.model_dump_json()
