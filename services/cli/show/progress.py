"""A running job in a terminal: what it does now, how far it is, how fast, how long it will take."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.table import Column

from contracts.progress import JobProgressed
from services.cli.show import formats

_BESIDE: Final = 52
"""Columns for spinner, bar, amount, rate and time left."""
_SENTENCE_WIDTHS: Final = range(16, 49)
"""Of a step: what the terminal leaves, and no more than any sentence needs."""

OnProgress = Callable[[JobProgressed], None]


@contextmanager
def live_progress(console: Console, what: str) -> Iterator[OnProgress]:
    """Shows every note that the yielded function is called with; plain lines where nobody can redraw."""
    if not console.is_terminal:
        yield _Plain(console)
        return
    with _bars(console) as progress:
        task = progress.add_task(what, total=None, amount="", rate="", left="")
        yield _Live(progress, task, _sentence_width(console.width))


def _bars(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        _column("{task.description}"),
        BarColumn(bar_width=14),
        _column("{task.fields[amount]}"),
        _column("{task.fields[rate]}", style="cyan"),
        _column("{task.fields[left]}", style="bold"),
        console=console,
        transient=True,
    )


def _column(text: str, style: str = "none") -> TextColumn:
    """On one line, whatever the terminal's width."""
    return TextColumn(text, style=style, table_column=Column(no_wrap=True))


def _sentence_width(columns: int) -> int:
    return min(max(columns - _BESIDE, _SENTENCE_WIDTHS[0]), _SENTENCE_WIDTHS[-1])


class _Live:
    def __init__(self, progress: Progress, task: TaskID, sentence_width: int) -> None:
        self._progress = progress
        self._task = task
        self._sentence_width = sentence_width

    def __call__(self, note: JobProgressed) -> None:
        done, total = _measure(note)
        self._progress.update(
            self._task,
            description=_shortened(_what(note), self._sentence_width),
            completed=done,
            total=total,
            amount=_amount(note),
            rate=_rate(note),
            left=_left(note),
        )


class _Plain:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._told = ""

    def __call__(self, note: JobProgressed) -> None:
        if (what := _what(note)) != self._told:
            self._told = what
            self._console.print(what, markup=False, highlight=False)


def _what(note: JobProgressed) -> str:
    return f"Waits: {note.trouble}" if note.trouble else f"Step {note.step}/{note.steps}: {note.sentence}"


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _measure(note: JobProgressed) -> tuple[float, float | None]:
    """Bytes tell more than documents; without either, an unending bar."""
    if note.bytes_total:
        return note.bytes_done, note.bytes_total
    if note.documents_total:
        return note.documents_done, note.documents_total
    return 0, None


def _amount(note: JobProgressed) -> str:
    if note.bytes_done:
        return formats.size(note.bytes_done)
    return f"{note.documents_done:,} documents" if note.documents_done else ""


def _rate(note: JobProgressed) -> str:
    return f"{formats.size(note.bytes_per_second)}/s" if note.bytes_per_second else ""


def _left(note: JobProgressed) -> str:
    return "" if note.seconds_left is None else f"{formats.span(note.seconds_left)} left"
