"""Secrets are named in messages and read when used: a directory of files, as container platforms mount them."""

import re
import stat
from pathlib import Path

from pydantic import SecretStr

from contracts.errors import FailureCode
from services.platform.process.errors import PermanentError

_REFERENCE = re.compile(r"secret:([a-z0-9]([a-z0-9._-]*[a-z0-9])?)", re.IGNORECASE)
_NOT_OURS_ALONE = stat.S_IRWXG | stat.S_IRWXO


class SecretNotFoundError(PermanentError):
    """There is no such secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.SECRET_MISSING)


class SecretPermissionError(PermanentError):
    """The secret's file may be read by others than its owner, or not by us."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, code=FailureCode.SECRET_MISSING)


class SecretDirectory:
    """Resolves `secret:<name>` to the text of the file `<name>`, mode 0600 (spec: environments, "Rights and tools")."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def resolve(self, reference: str) -> SecretStr:
        """The secret behind `secret:<name>`, without the line feed that editors leave at the end.

        Raises SecretNotFoundError or SecretPermissionError; neither is worth a retry.
        """
        path = self._directory / _name(reference)
        try:
            _refuse_readable_by_others(path)
            return SecretStr(path.read_text(encoding="utf-8").removesuffix("\n"))
        except FileNotFoundError as error:
            raise SecretNotFoundError(
                f"there is no secret {path.name!r}: store it with `nightkeep secret put {path.name}`"
            ) from error
        except PermissionError as error:
            raise SecretPermissionError(f"the secret {path.name!r} may not be read by this process") from error


def _name(reference: str) -> str:
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise SecretNotFoundError("a secret is named as `secret:<name>`, of letters, digits, dot, dash and underscore")
    return found[1]


def _refuse_readable_by_others(path: Path) -> None:
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        raise SecretNotFoundError(f"the secret {path.name!r} is no file")
    if mode & _NOT_OURS_ALONE:
        raise SecretPermissionError(f"the secret {path.name!r} has mode {stat.S_IMODE(mode):04o}: it must be 0600")
