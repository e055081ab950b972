"""Runs everything that must hold and says at the end, in one plain line, how many of it did.

`python -m tests.run` is all of it, `--fast` what a developer wants in the loop. Where tests go through every point of a
work, it takes a sample, of each commit its own; with `--all` it takes every one. Further words go to pytest.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

from tests.support.dice import SEED
from tests.support.shared_engines import shared_engines

ROOT: Final = Path(__file__).parents[1]
PROGRAMS: Final = Path(sys.executable).parent
FAST: Final = ("tests/unit", "tests/contracts")
MOST: Final = (*FAST, "tests/integration")
SYSTEM: Final = ("tests/system",)
"""By themselves: each runs a whole platform, on engines of its worker's, and some of its promises have a time."""
LINTERS: Final = (
    ("types", ("mypy",)),
    ("lint", ("ruff", "check", ".")),
    ("format", ("ruff", "format", "--check", ".")),
    ("import contracts", ("lint-imports",)),
    ("tests can be found", ("pytest", "-qqq", "--disable-warnings", "--collect-only", *MOST, *SYSTEM)),
)
"""The last one also compiles the tests, which else each worker does at the same time."""
NONE_CHOSEN: Final = 5
"""pytest's exit code where no test was to be run."""
CORES: Final = os.cpu_count() or 1
ANYHOW: Final = ("-n", str(min(CORES + 3, 5)), "--dist", "worksteal")
"""More workers than cores: most tests wait for a server. With more than five of them memory would be short."""
BY_FILE: Final = ("-n", str(min(CORES + 1, 4)), "--dist", "loadfile", "--no-loadscope-reorder")
"""Tests of a file share a whole platform, so they stay together; the files that may take longest come first. With one
worker more than cores these are busy, and with two their promises that have a time are broken; each has engines of its
own, so more than four would be short of memory."""


@dataclass(frozen=True)
class Count:
    """How many checks held and how many did not."""

    passed: int = 0
    failed: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.passed + other.passed, self.failed + other.failed)


def main(words: Sequence[str]) -> int:
    """Run the linters, then the tests; every step runs whatever became of the one before."""
    fast = "--fast" in words
    began = time.monotonic()
    _throw_dice(every_point="--all" in words)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each worker, and each program, compiles everything anew
    rest = [word for word in words if word not in {"--fast", "--all"}]
    if fast:
        total = _lint()
        tests = _tests(FAST, rest, ANYHOW, os.environ)
    else:
        with ThreadPoolExecutor() as pool:
            linting = pool.submit(_lint)
            with shared_engines() as environment:  # they start meanwhile
                total = linting.result()
                tests = _tests(MOST, rest, ANYHOW, environment)
        tests += _tests(SYSTEM, rest, BY_FILE, os.environ)
    total += Count(failed=1) if tests == Count() else tests  # a choice that no test meets is a slip
    print(f"{time.monotonic() - began:.0f} s", flush=True)  # noqa: T201 -- a program prints
    print(f"{total.passed} passed, {total.failed} failed", flush=True)  # noqa: T201 -- a program prints
    return 1 if total.failed else 0


def _throw_dice(*, every_point: bool) -> None:
    """Choose the samples, and say by what."""
    if every_point:
        os.environ.pop(SEED, None)
        print("--all: every point of what is sampled otherwise", flush=True)  # noqa: T201 -- a program prints
    else:
        os.environ.setdefault(SEED, str(_seed()))
        print(f"{SEED}={os.environ[SEED]} (it chooses the samples; --all takes none)", flush=True)  # noqa: T201 -- a program prints


def _seed() -> int:
    """Of the walked and shaken samples: of each commit its own, the same wherever it runs; 9 where nobody knows it."""
    asked = ["git", "rev-parse", "--short=8", "HEAD"]
    try:
        done = subprocess.run(asked, cwd=ROOT, check=False, capture_output=True, text=True)
    except FileNotFoundError:
        return 9
    return int(done.stdout, 16) if done.returncode == 0 else 9


def _lint() -> Count:
    """All at once; each is named when its turn has come, and what it says is shown where it found something."""
    total = Count()
    with ThreadPoolExecutor() as pool:
        for (name, _), done in zip(LINTERS, pool.map(_run, [command for _, command in LINTERS]), strict=True):
            print(f"== {name}\n{done.stdout if done.returncode else ''}", end="", flush=True)  # noqa: T201 -- a program prints
            total += Count(failed=1) if done.returncode else Count(passed=1)
    return total


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    program, *arguments = command
    whole = [str(PROGRAMS / program), *arguments]
    return subprocess.run(whole, cwd=ROOT, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def _tests(
    directories: Sequence[str], words: Sequence[str], how: Sequence[str], environment: Mapping[str, str]
) -> Count:
    """Run them in one session."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "report.xml")
        command = [str(PROGRAMS / "pytest"), "-q", *how, f"--junitxml={report}", *words, *directories]
        done = subprocess.run(command, cwd=ROOT, check=False, env=environment)
        counted = count(report.read_text(encoding="utf-8")) if report.exists() else Count()
    if done.returncode == NONE_CHOSEN and words:
        return counted  # `-k` chose none of these
    if done.returncode and not counted.failed:
        return counted + Count(failed=1)  # it broke down, or found no tests
    return counted


def count(report: str) -> Count:
    """Read pytest's report; what was skipped counts as failed, since nothing here may be."""
    suites = list(ET.fromstring(report).iter("testsuite"))  # noqa: S314 -- our own pytest wrote it
    total = sum(int(suite.get("tests", "0")) for suite in suites)
    bad = sum(int(suite.get(kind, "0")) for suite in suites for kind in ("failures", "errors", "skipped"))
    return Count(passed=total - bad, failed=bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
