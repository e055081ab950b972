"""`nightkeep admin`: the first administrator, and what the gateway sees of the platform."""

import asyncio
from typing import Annotated
from uuid import uuid4

import typer
from pydantic import BaseModel, ValidationError
from rich.text import Text

from services.cli.commands import options
from services.cli.errors import RefusedError, UnreachableError
from services.cli.session import session_of
from services.cli.show.tables import Column, table
from services.gateway.first_admin import make_first_admin
from services.gateway.settings import FirstAdminSettings
from services.platform.process.clock import SystemClock
from services.platform.process.errors import NightkeepError, TransientError
from services.platform.process.settings import PREFIX, PostgresSettings

commands = typer.Typer(name="admin", help="The first administrator; the platform's numbers.", no_args_is_help=True)


class NewKey(BaseModel):
    """What `--key-file` reads again."""

    user: str
    api_key: str


@commands.command()
def init(
    context: typer.Context,
    *,
    user: Annotated[str, typer.Option("--name", help="Who it is.")] = "admin",
    as_json: options.AsJson = False,
) -> None:
    """Make the first administrator and show the key, once; on the machine with the gateway's settings."""
    session = session_of(context, as_json=as_json)
    key = NewKey(user=user, api_key=_made(user))
    shown = Text(f"{key.api_key}\n", style="bold").append(
        f"The key of {user}. It is not shown again: keep it, and give it as NIGHTKEEP_API_KEY or --key-file.",
        style="not bold",
    )
    session.tell(key, shown)


@commands.command()
def status(context: typer.Context, *, as_json: options.AsJson = False) -> None:
    """Show whose key this is and how much there is."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = gateway.status()
    rows = [
        ("Version", found.version),
        ("You are", f"{found.user} ({', '.join(found.scopes)})"),
        ("Apps", str(found.apps)),
        ("Environments", str(found.environments)),
        *((f"Backups {state}", str(count)) for state, count in found.backups.items()),
        *((f"Restores {state}", str(count)) for state, count in found.restores.items()),
    ]
    session.tell(found, table((Column("Platform"), Column("", firm=False)), rows))


def _made(user: str) -> str:
    try:
        settings = FirstAdminSettings()
    except ValidationError as error:
        raise typer.BadParameter(
            f"set {', '.join(_missing(error))} as the gateway has them; a local stack has made its administrator"
            " already: `nightkeep status --json` names the credentials_file"
        ) from None
    try:
        return asyncio.run(make_first_admin(settings.postgres, user, clock=SystemClock(), new_id=uuid4)).text()
    except TransientError as error:
        raise UnreachableError(error.reason) from error
    except NightkeepError as error:
        raise RefusedError(error.reason) from error


def _missing(error: ValidationError) -> list[str]:
    """The settings that are wrong; of a group that is not there at all, those that it cannot do without."""
    places = [tuple(map(str, problem["loc"])) for problem in error.errors(include_input=False)]
    if places == [("postgres",)]:
        needed = [name for name, field in PostgresSettings.model_fields.items() if field.is_required()]
        places = [("postgres", name) for name in needed]
    return [f"{PREFIX}{'__'.join(place).upper()}" for place in places]
