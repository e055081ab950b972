"""Users, their keys and their rights, in a terminal of 100 columns."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.cli.show import formats
from services.cli.show.details import lines_of
from services.cli.show.tables import Column, named, table
from services.gateway.resources import (
    AcceptedInvitation,
    Access,
    CreatedKey,
    Invitation,
    Key,
    Organisation,
    User,
)


def organisations(found: Iterable[Organisation]) -> Table:
    """Customers of the platform."""
    columns = (Column("Organisation", firm=False), Column("Id"), Column("Added (UTC)"))
    return table(columns, ((one.name, str(one.organisation_id), formats.minute(one.added_at)) for one in found))


def users(found: Iterable[User]) -> Table:
    """Users by name."""
    columns = (Column("User, id", firm=False), Column("Organisation"), Column("Added (UTC)"))
    rows = (
        (named(one.name, str(one.user_id)), str(one.organisation_id), formats.minute(one.added_at)) for one in found
    )
    return table(columns, rows)


def invited(name: str, one: Invitation) -> RenderableType:
    """What an invited user has to be told."""
    token = "was shown when it was made" if one.token is None else Text(one.token, style="bold")
    head = lines_of([("User", name), ("Invitation", token), ("Until (UTC)", formats.minute(one.ends_at))])
    if one.token is None:
        return Group(head, Text("If nobody saw it, run `nightkeep user invite` without that idempotency key."))
    return Group(head, Text("It is not shown again. Whoever has it runs `nightkeep user accept`, once."))


def accepted(one: AcceptedInvitation) -> RenderableType:
    """A user's first key."""
    head = lines_of([("User", one.user), ("Key", Text(one.api_key, style="bold"))])
    return Group(head, _KEEP)


def created(one: CreatedKey) -> RenderableType:
    """A new key."""
    shown = "was shown when it was made" if one.api_key is None else Text(one.api_key, style="bold")
    head = lines_of([("Key", one.key_id), ("Shown as", shown), ("May", _may(one))])
    return head if one.api_key is None else Group(head, _KEEP)


def keys(found: Iterable[Key]) -> Table:
    """A user's keys, newest first."""
    columns = (Column("Key, name"), Column("May", firm=False), Column("Made (UTC)"), Column("Last used (UTC)"))
    rows = (
        (named(one.key_id, one.name), _may(one), formats.minute(one.created_at), formats.minute(one.last_used_at))
        for one in found
    )
    return table(columns, rows)


def access(found: Iterable[Access]) -> Table:
    """Who may what at a place."""
    columns = (Column("User", firm=False), Column("May", firm=False), Column("Since (UTC)"), Column("Given by"))
    rows = ((one.user, ", ".join(one.rights), formats.minute(one.granted_at), one.granted_by) for one in found)
    return table(columns, rows)


def _may(one: Key) -> str:
    where = ", ".join(f"{place.kind} {place.id}" for place in one.places)
    return ", ".join(one.scopes) + (f" in {where}" if where else "")


_KEEP = Text("The key is not shown again: keep it, and give it as NIGHTKEEP_API_KEY or --key-file.")
