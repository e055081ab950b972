"""What the supervisor and the tests know of an engine: prepare it, start it, ask whether it answers."""

from pathlib import Path
from typing import Protocol

from infra.local.children import Command


class Engine(Protocol):
    """A server that is a child of ours."""

    @property
    def name(self) -> str:
        """Its name in status, logs and messages."""
        ...

    @property
    def address(self) -> str:
        """Where its clients find it: host:port."""
        ...

    def prepare(self) -> None:
        """Make whatever it needs before a start; done again, it changes nothing. Raises `StackError`."""
        ...

    def command(self) -> Command:
        """What to run."""
        ...

    def is_ready(self) -> bool:
        """Whether a client gets its answer now."""
        ...


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, from its first moment on."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)
