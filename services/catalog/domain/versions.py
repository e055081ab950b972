"""Compares model versions, as people read them."""

import re
from typing import Final

_PARTS: Final = re.compile(r"[._+-]")


def is_older(version: str | None, than: str | None) -> bool:
    """Whether `version` comes before `than`: numbers as numbers, part by part. Unknown versions are not older."""
    if version is None or than is None:
        return False
    return _parts(version) < _parts(than)


def _parts(version: str) -> list[tuple[bool, int, str]]:
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in _PARTS.split(version)]
