"""`nightkeep webhook`: who is called about alerts and ends of work."""

from itertools import islice
from typing import Annotated

import typer
from rich.text import Text

from services.cli.commands import options
from services.cli.exits import Exit
from services.cli.names import as_id
from services.cli.session import session_of
from services.cli.show import webhooks as shown
from services.cli.validation import checked
from services.gateway.resources import About, NewWebhook

commands = typer.Typer(
    name="webhook",
    help="Who is called about alerts and ends of work: add, list, remove, test, deliveries.",
    no_args_is_help=True,
)

Webhook = Annotated[str, typer.Argument(help="A webhook's id.")]


@commands.command()
def add(  # noqa: PLR0913 -- one parameter for each option
    context: typer.Context,
    *,
    url: Annotated[str, typer.Argument(help="Where to call: http or https.")],
    secret: Annotated[
        str | None,
        typer.Option(
            "--secret", metavar="secret:NAME", help="See `nightkeep secret put`; without it one is made and shown once."
        ),
    ] = None,
    about: Annotated[
        list[About] | None, typer.Option("--about", help="What of; may be given several times. Else alerts alone.")
    ] = None,
    as_json: options.AsJson = False,
    idempotency_key: options.IdempotencyKey = None,
) -> None:
    """Have an address called, with a signed POST, whenever an alert is raised, or a backup, restore or upload ends."""
    session = session_of(context, as_json=as_json)
    given = {"url": url, "secret": secret, "about": about or [About.ALERT]}
    with session.gateway() as gateway:
        made = gateway.create_webhook(checked(NewWebhook, given), idempotency_key=idempotency_key)
    session.tell(made, shown.created(made))


@commands.command("list")
def list_webhooks(context: typer.Context, *, as_json: options.AsJson = False) -> None:
    """Show who is called."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = gateway.webhooks()
    session.tell(found, shown.webhooks(found) if found else "no webhooks yet: `nightkeep webhook add`")


@commands.command()
def remove(context: typer.Context, *, webhook: Webhook, yes: options.Yes = False) -> None:
    """Call an address no more; what still waits for it is not sent."""
    session = session_of(context)
    with session.gateway() as gateway:
        webhook_id = as_id(webhook, "webhook")
        if not yes:
            typer.confirm(f"Remove the webhook {webhook_id}?", abort=True)
        gateway.remove_webhook(webhook_id)
    session.note(f"removed {webhook_id}")


@commands.command("test")
def try_webhook(context: typer.Context, *, webhook: Webhook, as_json: options.AsJson = False) -> None:
    """Send a message that means nothing, once, and show what came back."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        sent = gateway.test_webhook(as_id(webhook, "webhook"))
    session.tell(sent, shown.delivery(sent))
    if sent.state != "delivered":
        raise typer.Exit(Exit.FAILED)


@commands.command()
def deliveries(
    context: typer.Context, *, webhook: Webhook, limit: options.Limit = 50, as_json: options.AsJson = False
) -> None:
    """Show what was sent to an address, newest first, and what came back."""
    session = session_of(context, as_json=as_json)
    with session.gateway() as gateway:
        found = list(islice(gateway.deliveries(as_id(webhook, "webhook")), limit))
    session.tell(found, shown.deliveries(found) if found else Text("nothing was sent there yet"))
