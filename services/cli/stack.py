"""`nightkeep up`, `down`, `status`, `wait`, `logs`: the stack on this machine."""

import os
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from infra.local.errors import StackError
from infra.local.http import unverified_client
from infra.local.layout import Layout, choose
from infra.local.logs import LINES, follow, log_files, recent
from infra.local.ports import POSSIBLE
from infra.local.stack_identity import PORTS_ASKED
from infra.local.state import Status, measured, read_state
from infra.local.up import Wishes, up, up_detached
from infra.local.waiting import bring_down, is_alive, wait_ready
from services.cli.unready import why_unready

READY: Final = 0
NOT_READY: Final = 1
START_SECONDS: Final = 300.0
"""The first start fetches what is missing."""
MEBIBYTE: Final = 1024 * 1024

DataDirectory = Annotated[
    Path | None, typer.Option("--data-dir", help="The stack's directory; else NIGHTKEEP_DATA_DIR, else a usual place.")
]
AsJson = Annotated[bool, typer.Option("--json", help="For scripts.")]


def register(app: typer.Typer) -> None:
    """Add the stack's commands to the program."""
    app.command("up")(start)
    app.command("down")(end)
    app.command()(status)
    app.command()(wait)
    app.command()(logs)


def start(
    *,
    data_dir: DataDirectory = None,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Come back when it is ready.")] = False,
    port: Annotated[
        list[str] | None,
        typer.Option(help=f"NUMBER for the gateway, or NAME=NUMBER for {', '.join(PORTS_ASKED)}; else free ones."),
    ] = None,
    sample: Annotated[bool, typer.Option(help="Make the sample app with its two environments.")] = True,
) -> None:
    """Start Kafka, PostgreSQL, S3, the six services and a sample app on this machine, and keep them running.

    Settings that name an outside Kafka, PostgreSQL or S3 (NIGHTKEEP_KAFKA__BOOTSTRAP_SERVERS…) are used instead.
    """
    layout = choose(data_dir, os.environ)
    try:
        wishes = Wishes(layout, _ports(port or []), with_sample=sample)
        if not detach:
            raise typer.Exit(up(wishes))
        guard = up_detached(wishes)
    except StackError as error:
        _fail(error)
    found = wait_ready(layout, START_SECONDS, go_on=lambda: is_alive(guard))
    if found.state != "ready":
        _fail(StackError(found.trouble or f"it is {found.state}; see `nightkeep logs` and {layout.supervisor_log}"))
    _show(measured(found))


def end(
    *,
    data_dir: DataDirectory = None,
    purge: Annotated[bool, typer.Option("--purge", help="Remove all of its data, too.")] = False,
) -> None:
    """Stop the stack in order."""
    layout = choose(data_dir, os.environ)
    try:
        typer.echo("stopped" if bring_down(layout) else "nothing was running")
        if purge:
            typer.echo(_purged(layout))
    except StackError as error:
        _fail(error)


def status(*, data_dir: DataDirectory = None, as_json: AsJson = False) -> None:
    """Show how the stack is; the exit code is 0 only when it is ready."""
    found = _explained(measured(_read(data_dir)))
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        _show(found)
    raise typer.Exit(READY if found.state == "ready" else NOT_READY)


def wait(
    *,
    data_dir: DataDirectory = None,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds.")] = START_SECONDS,
    as_json: AsJson = False,
) -> None:
    """Wait until the stack is ready."""
    try:
        found = _explained(measured(wait_ready(choose(data_dir, os.environ), timeout)))
    except StackError as error:
        _fail(error)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    if found.state != "ready":
        _fail(StackError(found.trouble or f"it is {found.state} after {timeout:g} s: see `nightkeep status`"))


def logs(
    part: Annotated[str | None, typer.Argument(help="One part; else all.")] = None,
    *,
    data_dir: DataDirectory = None,
    keep_on: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option(min=0, help="So many of each log's last lines.")] = LINES,
) -> None:
    """Show what the parts say."""
    layout = choose(data_dir, os.environ)
    files = log_files(layout)
    if not files:
        _fail(StackError(f"{layout.root} has no logs: `nightkeep up` starts a stack there"))
    if part and part not in files:
        _fail(StackError(f"there is no log of {part!r}; there are: {', '.join(files)}"))
    chosen = {part: files[part]} if part else files
    width = 0 if part else max(map(len, chosen), default=0)
    for name, line in recent(chosen, lines):
        typer.echo(f"{name:{width}}  {line}" if width else line)
    if keep_on:
        for name, line in follow(chosen):
            typer.echo(f"{name:{width}}  {line}" if width else line)


def local_stack() -> Status:
    """Return the status of this checkout's stack, for commands that talk to it when nothing else is named."""
    return _read(None)


def local_repository_key() -> Path:
    """Return where this checkout's stack keeps the repository's key."""
    return choose(None, os.environ).repository_key_file


def _read(data_dir: Path | None) -> Status:
    try:
        return read_state(choose(data_dir, os.environ))
    except StackError as error:
        _fail(error)


def _explained(found: Status) -> Status:
    """The same with what services that lost their readiness say, unless the supervisor knows a reason."""
    unready = {part.name: part.address for part in found.parts if part.state == "unready" and part.address}
    if found.trouble or not unready:
        return found
    with unverified_client() as client:
        return found.model_copy(update={"trouble": why_unready(client, unready)})


def _purged(layout: Layout) -> str:
    """Remove what is ours; return a sentence that says what was removed. Raises `StackError`."""
    if not layout.root.exists():
        return f"{layout.root} is not there: nothing to remove"
    left = layout.purge()
    if left:
        return f"removed, but for what is not ours: {', '.join(map(str, left))}"
    return f"removed {layout.root}"


def _ports(asked: list[str]) -> dict[str, int]:
    """Read `8080` and `kafka=9092`. Raises `StackError`."""
    pairs = [word.split("=", 1) if "=" in word else ["gateway", word] for word in asked]
    unknown = [name for name, _ in pairs if name not in PORTS_ASKED]
    if unknown or not all(number.isdecimal() and int(number) in POSSIBLE for _, number in pairs):
        raise StackError(
            f"a port is NUMBER or NAME=NUMBER, from {POSSIBLE[0]} to {POSSIBLE[-1]}, with one of"
            f" {', '.join(PORTS_ASKED)}: {' '.join(asked)}"
        )
    return {name: int(number) for name, number in pairs}


def _fail(error: StackError) -> NoReturn:
    typer.secho("error", fg=typer.colors.RED, bold=True, err=True, nl=False)
    typer.echo(f": {error.reason}", err=True)
    raise typer.Exit(NOT_READY)


def _show(found: Status) -> None:
    console = Console()
    console.print(f"[bold]{found.state}[/]  {found.data_dir}", highlight=False)
    if found.trouble:
        console.print(found.trouble, markup=False, highlight=False)
    elif found.state == "down":
        console.print("nothing runs here: `nightkeep up` starts it", markup=False, highlight=False)
    if found.parts:
        console.print(_parts(found))
    if found.endpoints and found.state in {"ready", "degraded"}:
        console.print(f"gateway      {found.endpoints.gateway_url}  (its API at /docs)", highlight=False)
        if found.sample:
            console.print(f"credentials  {found.sample.credentials_file}", highlight=False)
        console.print(f"connections  {found.endpoints.connections_file}", highlight=False)


def _parts(found: Status) -> Table:
    shown = Table(box=None, pad_edge=False)
    for heading in ("part", "state", "pid", "address", "restarts", "memory"):
        shown.add_column(heading, justify="right" if heading in {"pid", "restarts", "memory"} else "left")
    for part in found.parts:
        memory = f"{part.memory_bytes / MEBIBYTE:.0f} MiB" if part.memory_bytes else ""
        pid = str(part.pid or "")
        shown.add_row(part.name, part.state, pid, part.address or "", str(part.restarts), memory)
    return shown
