"""`nightkeep dead-letter`: what could not be decided, and sending it again once the cause is gone."""

import typer

from services.cli.commands import options
from services.cli.session import session_of
from services.cli.show import details, tables
from services.gateway.resources import Replayed

commands = typer.Typer(name="dead-letter", help="Refused records: list, show, replay.", no_args_is_help=True)


@commands.command("list")
def list_dead_letters(context: typer.Context, *, limit: options.Limit = 50, as_json: options.AsJson = False) -> None:
    """Show refused records, newest first."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = gateway.dead_letters(limit=limit)
    session.tell(found, tables.dead_letters(found) if found else "no dead letters")


@commands.command()
def show(context: typer.Context, *, dead_letter: options.DeadLetter, as_json: options.AsJson = False) -> None:
    """Show one refused record whole, its secrets blacked out."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = gateway.dead_letter(dead_letter)
    session.tell(found, details.dead_letter(found))


@commands.command()
def replay(context: typer.Context, *, dead_letter: options.DeadLetter, as_json: options.AsJson = False) -> None:
    """Send a refused record again, under a new id."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        sent = Replayed(dead_letter_id=dead_letter, message_id=gateway.replay_dead_letter(dead_letter))
    session.tell(sent, f"sent again as {sent.message_id}")
