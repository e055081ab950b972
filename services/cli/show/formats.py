"""Sizes, times and spans in words that a person reads at a glance."""

from datetime import UTC, datetime
from typing import Final

_STEP: Final = 1000
_UNITS: Final = ("kB", "MB", "GB", "TB", "PB")
_MINUTE: Final = 60
_HOUR: Final = 3600
NOTHING: Final = "-"
"""What stands where a value is not there (yet)."""


def size(count: float | None) -> str:
    """Bytes in decimal units, like `213.4 MB`."""
    if count is None:
        return NOTHING
    if count < _STEP:
        return f"{count:.0f} B"
    amount = float(count)
    for unit in _UNITS:
        amount /= _STEP
        if amount < _STEP or unit == _UNITS[-1]:
            break
    return f"{amount:.1f} {unit}"


def span(seconds: float | None) -> str:
    """A duration, like `4.2 s`, `3 min 05 s` or `2 h 07 min`."""
    if seconds is None:
        return NOTHING
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02d} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02d} min"


def instant(at: datetime | None) -> str:
    """A time in UTC to the second, like `2026-03-04 19:00:07`."""
    return NOTHING if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def minute(at: datetime | None) -> str:
    """A time in UTC to the minute, like `2026-03-04 19:00`."""
    return NOTHING if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def day(at: datetime | None) -> str:
    """The day in UTC, like `2026-03-18`."""
    return NOTHING if at is None else at.astimezone(UTC).strftime("%Y-%m-%d")


def text(value: object) -> str:
    """A value as it is, or the sign for none."""
    return NOTHING if value is None or value == "" else str(value)


def printable(text: str) -> str:
    """A text from outside without what would steer a terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
