"""The audit in a terminal of 100 columns: one event in a few lines, in words."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from rich.table import Table
from rich.text import Text

from contracts.actors import person
from contracts.streams import StreamName
from services.cli.show import formats
from services.cli.show.tables import Column, named, table
from services.gateway.resources import AuditEntry

_WORD: Final = re.compile(r"(?<!^)(?=[A-Z])")
_TAKES: Final = {
    "BackupExpired",
    "BackupDeletionRequested",
    "BackupDeleted",
    "BackupErasureRequested",
    "BackupErased",
    "BackupsShredded",
    "EnvironmentCleared",
    "PackageRemoved",
}
_REFUSES: Final = {"CommandRejected", "AccessRefused"}
_SAID: Final = ("command", "operation", "status", "code", "reason", "why", "comment", "message", "state", "policy")
"""What a person asks for first, in this order; `--json` has the rest."""
_PLACES: Final = ("app_id", "environment_id")


def audit(found: Iterable[AuditEntry]) -> Table:
    """Entries, newest first."""
    columns = (Column("When (UTC), who"), Column("What", firm=False), Column("About, said", firm=False))
    return table(columns, map(_entry, found))


def _entry(one: AuditEntry) -> tuple[Text | str, ...]:
    said = "; ".join(_said(one))
    return named(formats.instant(one.at), _who(one)), _what(one.what), named(_about(one), said) if said else _about(one)


def _who(one: AuditEntry) -> str:
    claimed = one.actor_kind == "user" and not one.actor_verified
    return f"{person(one.actor)} (claimed)" if claimed else person(one.actor)


def _what(name: str) -> Text:
    words = _WORD.sub(" ", name).lower()
    return Text(words, style="bold red" if name in _REFUSES else "yellow" if name in _TAKES else "")


def _about(one: AuditEntry) -> str:
    """What the event is of: what its stream is of or, where that is a user's, the first thing that it names."""
    stream = StreamName.parse(one.stream)
    if stream.entity != "access":
        return f"{stream.entity} {stream.entity_id}"
    things = {name: thing for name, thing in one.ids.items() if name not in _PLACES} or one.ids
    name, thing = next(iter(things.items()), ("user", stream.entity_id))
    return f"{name.removesuffix('_id').replace('_', ' ')} {thing}"


def _said(one: AuditEntry) -> Iterator[str]:
    for name in _SAID:
        value = one.told.get(name)
        if isinstance(value, str | int) and value != "":
            yield f"{name} {value}"
    if one.rule:
        ends_at = one.rule.get("expires_at")
        until = f"until {formats.minute(datetime.fromisoformat(ends_at))}" if ends_at else "without end"
        yield f"was kept {until} by {one.rule.get('policy')}, version {one.rule.get('policy_version')}"
