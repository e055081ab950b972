"""Where the master key comes from: a file, a setting, or a command that asks a key management service."""

import subprocess
from collections.abc import Sequence
from typing import Final

from services.platform.process.settings import RepositorySettings
from services.platform.repository.errors import RepositoryKeyError
from services.platform.repository.keys import key_in, read_key_file

COMMAND_SECONDS: Final = 60
"""A key management service answers in less, or it is away."""


def read_master_key(settings: RepositorySettings) -> bytes:
    """The key. Raises RepositoryKeyError, which says what to do and never what was read. Blocks."""
    if settings.key_file:
        return read_key_file(settings.key_file)
    if settings.key:
        return key_in(settings.key.get_secret_value().strip(), "NIGHTKEEP_REPOSITORY__KEY")
    return key_in(_printed(settings.key_command), "what the key command prints")


def _printed(command: Sequence[str]) -> str:
    """What it says on stdout; what it says on stderr is for the log of who runs the service."""
    try:
        ended = subprocess.run(command, stdout=subprocess.PIPE, timeout=COMMAND_SECONDS, check=True)  # noqa: S603 -- the operator's own setting
    except (OSError, subprocess.SubprocessError) as error:
        reason = error.strerror if isinstance(error, OSError) else type(error).__name__
        raise RepositoryKeyError(f"the key command {command[0]} told no key: {reason}") from error
    return ended.stdout.decode("ascii", errors="replace").strip()
