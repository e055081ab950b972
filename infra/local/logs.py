"""Read the parts' logs: what was said last, and what is being said."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.local.children import last_lines
from infra.local.layout import Layout

LOOK_SECONDS: Final = 0.2
LINES: Final = 20
ENGINES: Final = ("kafka", "postgres", "seaweedfs")


def log_files(layout: Layout) -> dict[str, Path]:
    """Return every log of the stack by the name of its part, as far as there is one."""
    engines = {name: layout.engine(name) / "log" / f"{name}.log" for name in ENGINES}
    programs = {path.stem: path for path in sorted(layout.logs.glob("*.log")) if "." not in path.stem}
    return {name: path for name, path in {**engines, **programs}.items() if path.exists()}


def recent(files: Mapping[str, Path], count: int = LINES) -> Iterator[tuple[str, str]]:
    """Yield the last lines of each log with its name."""
    for name, path in files.items():
        for line in last_lines(path, count).splitlines():
            yield name, line


def follow(files: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    """Yield every line that is said from now on, for ever."""
    tails = [Tail(name, path, path.stat().st_size) for name, path in files.items()]
    while True:
        for tail in tails:
            for line in tail.news():
                yield tail.name, line
        time.sleep(LOOK_SECONDS)


@dataclass
class Tail:
    """A log that grows, and begins anew when its part starts again."""

    name: str
    path: Path
    read_bytes: int

    def news(self) -> list[str]:
        """Return the whole lines that were added since the last look."""
        size = self.path.stat().st_size if self.path.exists() else 0
        if size < self.read_bytes:
            self.read_bytes = 0
        if size == self.read_bytes:
            return []
        with self.path.open("rb") as opened:
            opened.seek(self.read_bytes)
            whole, _, _ = opened.read(size - self.read_bytes).rpartition(b"\n")
        self.read_bytes += len(whole) + 1 if whole else 0
        return whole.decode(errors="replace").splitlines()
