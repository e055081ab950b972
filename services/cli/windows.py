"""How long a window of a policy is, as people write and read it: `14d`, `3m`, `1y`, `2w`, or several of them."""

import re
from typing import Final

import typer

from contracts.retention import Window

_PART: Final = re.compile(r"([0-9]{1,6})([dwmy])")
_DAYS: Final = {"d": 1, "w": 7}
_MONTHS: Final = {"m": 1, "y": 12}


def read_window(text: str) -> Window:
    """The window that `text` spells. Raises BadParameter."""
    parts = [(int(number), unit) for number, unit in _PART.findall(text)]
    if not parts or "".join(f"{number}{unit}" for number, unit in _PART.findall(text)) != text:
        raise typer.BadParameter(f"{text!r} is no span: write days, weeks, months or years, like 14d, 2w, 3m or 1y")
    days = sum(number * _DAYS[unit] for number, unit in parts if unit in _DAYS)
    months = sum(number * _MONTHS[unit] for number, unit in parts if unit in _MONTHS)
    try:
        return Window(days=days, months=months)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no window: it has to be a day at least, and at most a century") from None


def spelled(window: Window) -> str:
    """In words, like `3 months` or `1 year, 2 days`."""
    years, months = divmod(window.months, 12)
    parts = ((years, "year"), (months, "month"), (window.days, "day"))
    return ", ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count)
