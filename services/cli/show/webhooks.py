"""Webhooks and what came of each call, in a terminal of 100 columns."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.cli.show import formats
from services.cli.show.details import lines_of
from services.cli.show.tables import Column, named, state, table
from services.gateway.resources import CreatedWebhook, Delivery, Try, Webhook


def created(one: CreatedWebhook) -> RenderableType:
    """A new webhook, with the secret that was made for it."""
    head = lines_of([
        ("Webhook", str(one.webhook_id)),
        ("Calls", one.url),
        ("About", ", ".join(one.about)),
        ("Signed with", one.secret or Text(one.signing_secret or "", style="bold")),
    ])  # fmt: skip
    if one.signing_secret is None:
        return head
    return Group(head, Text("The secret is not shown again: give it to the receiver now."))


def webhooks(found: Iterable[Webhook]) -> Table:
    """Who is called."""
    columns = (Column("Webhook, calls", firm=False), Column("About"), Column("Signed with"), Column("Added (UTC)"))
    return table(columns, map(_webhook, found))


def _webhook(one: Webhook) -> tuple[Text | str, ...]:
    added = Text(f"{formats.minute(one.created_at)}\n").append(f"by {one.created_by}", style="dim")
    return named(str(one.webhook_id), one.url), ", ".join(one.about), one.secret or "a secret made here", added


def deliveries(found: Iterable[Delivery]) -> Table:
    """What was sent, newest first; of the tries the newest."""
    columns = (Column("Queued (UTC)"), Column("Message"), Column("State"), Column("Tries", right=True),
               Column("Newest answer", firm=False))  # fmt: skip
    return table(columns, map(_delivery, found))


def _delivery(one: Delivery) -> tuple[Text | str, ...]:
    newest = _answer(one.tries[-1]) if one.tries else formats.text(one.reason)
    return formats.minute(one.created_at), one.type, state(one.state), str(len(one.tries)), newest


def delivery(one: Delivery) -> RenderableType:
    """One message and every try to deliver it."""
    head = lines_of([
        ("Message", f"{one.type} {one.message_id}"),
        ("State", state(one.state)),
        ("Why", one.reason),
    ])  # fmt: skip
    columns = (Column("Try", right=True), Column("At (UTC)"), Column("Took", right=True), Column("Answer", firm=False))
    rows = (
        (str(tried.number), formats.instant(tried.at), formats.span(tried.seconds), _answer(tried))
        for tried in one.tries
    )
    return Group(head, *([table(columns, rows)] if one.tries else []))


def _answer(tried: Try) -> str:
    return f"{formats.text(tried.status)} {tried.said}".strip()
