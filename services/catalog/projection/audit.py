"""What an auditor reads of an event: when, who, where, about what, and what was said (spec: product, "Who uses it")."""

from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from pydantic_core import to_json

from contracts.envelope import Event, Message
from contracts.events import retention
from contracts.events.access import Place, PlaceKind
from contracts.streams import StreamName

TOLD_CHARACTERS: Final = 500
"""A longer field is left out by name, so that a page of entries has a bounded size. The event on the log has it."""
GOING: Final = (
    retention.BackupExpired,
    retention.ExpiryHeld,
    retention.BackupDeletionRequested,
    retention.BackupDeleted,
)
"""What takes a backup, or would; an auditor asks under which rule."""
RULE: Final = ("kind", "tiers", "policy", "policy_version", "rule_version", "expires_at")
_THINGS: Final = "things"


def entry(message: Message[Event], said: Mapping[str, Any], rule: Mapping[str, Any]) -> dict[str, Any]:
    """The row of one event; `said` is its body as JSON.

    `rule` is what the backup that it takes was kept by until then, empty for all others.
    """
    envelope, body, fields = message.envelope, message.body, vars(message.body)
    ids, place = _ids(fields, said), _place(fields)
    stream = StreamName.parse(envelope.subject or "//")
    document = {
        "said_by": stream.service,
        "actor_verified": envelope.actor_verified,
        "stream": envelope.subject,
        "causation_id": envelope.causation_id,
        "ids": ids,
        **_told(said, ids),
        "rule": rule,
    }
    return {
        "event_id": envelope.id,
        "at": envelope.time,
        "sequence": envelope.sequence,
        "what": type(body).__name__,
        "actor": envelope.actor,
        "key_id": fields.get("key_id"),
        "access_of": stream.entity_id if stream.entity == "access" else None,
        "app_id": _as_id(envelope.key) or place.get(PlaceKind.APP) or _as_id(ids.get("app_id")),
        "environment_id": place.get(PlaceKind.ENVIRONMENT) or _as_id(ids.get("environment_id")),
        "backup_id": _as_id(ids.get("backup_id") or ids.get("snapshot_id")),
        "command_id": fields.get("command_id"),
        "correlation_id": envelope.correlation_id,
        "document": to_json(document).decode(),
    }


def rule_of(backup: object) -> dict[str, Any]:
    """By which rule a backup is kept, as its view says it; empty where there is none."""
    return {name: value for name in RULE if (value := getattr(backup, name, None)) is not None}


def _ids(fields: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, str]:
    """What the event names: its own fields that are ids, and what an address named of which the gateway speaks."""
    own = {name: said[name] for name, value in fields.items() if isinstance(value, UUID)}
    return own | said[_THINGS] if _THINGS in said else own


def _place(fields: Mapping[str, Any]) -> dict[PlaceKind, UUID]:
    """Where a right holds that somebody was given."""
    place = fields.get("place")
    return {place.kind: place.id} if isinstance(place, Place) else {}


def _told(said: Mapping[str, Any], ids: Mapping[str, str]) -> dict[str, Any]:
    """What it says beside its ids."""
    told: dict[str, Any] = {}
    left_out: list[str] = []
    for name, value in said.items():
        if value is None or name in ids or name == _THINGS:
            continue
        if _is_long(value):
            left_out.append(name)
        else:
            told[name] = value
    return {"told": told, "left_out": left_out}


def _is_long(value: object) -> bool:
    if isinstance(value, str):
        return len(value) > TOLD_CHARACTERS
    return isinstance(value, (list, dict)) and bool(value) and len(to_json(value)) > TOLD_CHARACTERS


@lru_cache(maxsize=10_000)
def _as_id(text: str | None) -> UUID | None:
    with suppress(ValueError, TypeError):
        return UUID(text)
    return None
