"""`python -m infra.demo`: back up, alter, restore, compare; exit code 0 only if everything came back as it was."""

import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from infra.demo import show
from infra.demo.ground import Ground
from infra.demo.story import Outcome, Stopwatch, Story, StoryError
from infra.demo.tampering import Tampering
from infra.local.cache import cache_directory
from infra.local.errors import StackError
from infra.local.layout import Layout
from infra.local.sample import make
from infra.local.state import Status
from infra.sample import RegisteredSample
from infra.sample.errors import SampleError
from services import end_imports
from services.cli.client import Gateway
from services.cli.errors import GatewayError

FAILED: Final = 1
IDENTICAL: Final = 0
EVIDENCE: Final = "demo.tsv"
WIDTH: Final = 120
"""Where the output is no terminal: a log does not fold the tables."""

DataDirectory = Annotated[
    Path | None, typer.Option("--data-dir", help="Where the stack keeps its data; else a directory that goes again.")
]
Stay = Annotated[bool, typer.Option("--stay", help="Leave the stack up and say how to reach it.")]
Spoil = Annotated[Tampering | None, typer.Option("--tamper", hidden=True, help="Spoil what was restored.")]
EvidenceFile = Annotated[
    Path | None, typer.Option("--evidence", help="Write a line for everything that was compared, every document too.")
]


def demo(
    *, stay: Stay = False, data_dir: DataDirectory = None, evidence: EvidenceFile = None, tamper: Spoil = None
) -> None:
    """Do the main job once on real engines, and compare what came back with what was there, bit by bit."""
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    wishes = Ground(data_dir, stays=stay)
    try:
        seen = _demo(console, wishes, tamper, evidence or cache_directory() / EVIDENCE)
    except (StackError, StoryError, SampleError, GatewayError) as error:
        told = "; ".join([str(error), *getattr(error, "__notes__", ())])
        console.print(Text("The demo failed: ", style="bold red").append(told, style="not bold"))
        raise typer.Exit(FAILED) from error
    raise typer.Exit(FAILED if seen.faults() else IDENTICAL)


def _demo(console: Console, ground: Ground, tampering: Tampering | None, evidence: Path) -> Outcome:
    watch = Stopwatch(console)
    with ExitStack() as stack:
        with watch.step("Start Kafka, PostgreSQL, S3, the services and a sample app"):
            status = stack.enter_context(ground.stack(Parts(console)))
        seen = _story(status, watch, tampering)
        show.write_evidence(evidence, seen.expected, seen.found)
        console.print(show.outcome(seen), show.laps(watch.laps), Text(f"Everything that was compared: {evidence}\n"))
        console.print(show.verdict(seen), soft_wrap=True)
        if ground.stays:
            console.print(show.how_to_reach(status, seen))
    return seen


def _story(status: Status, watch: Stopwatch, tampering: Tampering | None) -> Outcome:
    if status.endpoints is None or status.sample is None:
        raise StackError(f"the stack in {status.data_dir} has no sample app: see `nightkeep logs sample`")
    ids = RegisteredSample(status.sample.app_id, *status.sample.environments.model_dump().values())
    sample = make(Layout(status.data_dir))
    with Gateway.from_credentials(status.endpoints.gateway_url, status.sample.credentials_file) as gateway:
        return Story(gateway, sample, ids, watch, tampering).run()


class Parts:
    """Says of each part of the stack once that it is ready."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._ready: set[str] = set()

    def __call__(self, status: Status) -> None:
        """Look at a stack that starts."""
        for part in status.parts:
            if part.state == "ready" and part.name not in self._ready:
                self._ready.add(part.name)
                self._console.print(f"  {part.name} is ready", highlight=False, style="dim")


def main() -> None:
    """Run it; whoever ends it, even behind a terminal that is gone, has it put away what it began."""
    end_imports()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    typer.run(demo)


if __name__ == "__main__":
    main()
