"""Bytes on their way, in a terminal: how many are there, how fast they come, how long it will take."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from services.cli.downloading import OnBytes
from services.cli.show import formats


@contextmanager
def bytes_bar(console: Console, what: str, name: str, size_bytes: int | None) -> Iterator[OnBytes]:
    """Shows how many bytes are there, whenever the yielded function is called; one line where nobody can redraw."""
    if not console.is_terminal:
        console.print(f"{what} {name}, {formats.size(size_bytes)}", markup=False, highlight=False)
        yield lambda _: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(name, total=size_bytes)
        yield lambda done: progress.update(task, completed=done)
