"""The audit in a terminal of 100 columns: one event in a few lines, in words."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from rich.table import Table
from rich.text import Text

from contracts.actors import person
from services.cli.show import formats
from services.cli.show.tables import Column, named, table
from services.gateway.resources import AuditEntry

_WORD: Final = re.compile(r"(?<!^)(?=[A-Z])")
_TAKES: Final = {"BackupExpired", "BackupDeletionRequested", "BackupDeleted", "BackupsShredded", "EnvironmentCleared"}
_REFUSES: Final = {"CommandRejected", "AccessRefused"}
_SAID: Final = ("command", "operation", "status", "code", "reason", "why", "comment", "message", "state", "policy")
"""What a person asks for first, in this order; `--json` has the rest."""
_PLACES: Final = ("app_id", "environment_id")


def audit(found: Iterable[AuditEntry]) -> Table:
    """Entries, newest first."""
    columns = (Column("When (UTC)"), Column("Who"), Column("What", firm=False), Column("About, said", firm=False))
    return table(columns, map(_entry, found))


def _entry(one: AuditEntry) -> tuple[Text | str, ...]:
    who = person(one.actor) if one.actor_verified or one.actor_kind == "service" else f"{person(one.actor)} (claimed)"
    said = "; ".join(_said(one))
    return formats.instant(one.at), who, _what(one.what), named(_about(one), said) if said else _about(one)


def _what(name: str) -> Text:
    words = _WORD.sub(" ", name).lower()
    return Text(words, style="bold red" if name in _REFUSES else "yellow" if name in _TAKES else "")


def _about(one: AuditEntry) -> str:
    """The first thing that the event names beside its place, else its place."""
    things = {name: one_id for name, one_id in one.ids.items() if name not in _PLACES} or one.ids
    name, thing = next(iter(things.items()), ("stream", one.stream))
    return f"{name.removesuffix('_id').replace('_', ' ')} {thing}"


def _said(one: AuditEntry) -> Iterator[str]:
    for name in _SAID:
        value = one.told.get(name)
        if isinstance(value, str | int) and value != "":
            yield f"{name} {value}"
    if one.rule:
        yield f"kept by {one.rule.get('policy')} v{one.rule.get('policy_version')}"
        yield f"expiry {one.rule.get('expires_at', 'never')}"
