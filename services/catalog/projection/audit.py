"""What an auditor reads of an event: when, who, where, about what, and what was said (spec: product, "Who uses it")."""

from collections.abc import Mapping
from contextlib import suppress
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


def entry(message: Message[Event], rule: Mapping[str, Any]) -> dict[str, Any]:
    """The row of one event; `rule` is what the backup that it takes was kept by until then, empty for all others."""
    envelope, body, fields = message.envelope, message.body, vars(message.body)
    said = body.model_dump(mode="json")
    ids, place = _ids(fields, said.get(_THINGS, {})), _place(fields)
    stream = StreamName.parse(envelope.subject or "//")
    shown = {name: str(value) for name, value in ids.items()}
    told = {name: value for name, value in said.items() if name not in ids and name != _THINGS}
    document = {
        "said_by": stream.service,
        "actor_verified": envelope.actor_verified,
        "stream": envelope.subject,
        "causation_id": envelope.causation_id,
        "ids": shown,
        **_told(told),
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


def _ids(fields: Mapping[str, Any], things: Mapping[str, str]) -> dict[str, UUID | str]:
    """What the event names: its own fields that are ids, and what an address named of which the gateway speaks."""
    return {name: value for name, value in fields.items() if isinstance(value, UUID)} | dict(things)


def _place(fields: Mapping[str, Any]) -> dict[PlaceKind, UUID]:
    """Where a right holds that somebody was given."""
    place = fields.get("place")
    return {place.kind: place.id} if isinstance(place, Place) else {}


def _told(said: Mapping[str, Any]) -> dict[str, Any]:
    long = [name for name, value in said.items() if _is_long(value)]
    return {
        "told": {name: value for name, value in said.items() if value is not None and name not in long},
        "left_out": long,
    }


def _is_long(value: object) -> bool:
    text = to_json(value) if isinstance(value, list | dict) and value else value
    return isinstance(text, str | bytes) and len(text) > TOLD_CHARACTERS


def _as_id(text: UUID | str | None) -> UUID | None:
    if text is None or isinstance(text, UUID):
        return text
    with suppress(ValueError):
        return UUID(text)
    return None
