"""Options and arguments that several commands have, said once so that they read the same everywhere."""

from typing import Annotated
from uuid import UUID

import typer

from services.cli.completion import complete_app, complete_environment

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for scripts.")]
Environment = Annotated[
    str,
    typer.Argument(
        help="An environment: its id, `app/name`, or its name if only one has it.", autocompletion=complete_environment
    ),
]
App = Annotated[str, typer.Argument(help="An app: its id, slug or name.", autocompletion=complete_app)]
Backup = Annotated[str, typer.Argument(help="A backup's id.")]
Restore = Annotated[str, typer.Argument(help="A restore's id.")]
DeadLetter = Annotated[str, typer.Argument(help="A dead letter's id, as the list shows it.")]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the end, or return once it is accepted.")]
Timeout = Annotated[
    float | None, typer.Option("--timeout", min=0, metavar="SECONDS", help="Wait no longer; the work goes on.")
]
IdempotencyKey = Annotated[
    str | None,
    typer.Option("--idempotency-key", help="The same key asks for the same thing: repeat with it after exit code 5."),
]
Limit = Annotated[int, typer.Option("--limit", min=1, help="At most so many, the newest.")]
OwnId = Annotated[
    UUID | None,
    typer.Option("--id", metavar="ID", help="Its id, where it had one before: see `nightkeep repository rebuild`."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
