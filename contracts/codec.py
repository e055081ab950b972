"""Messages as Kafka records and back: CloudEvents 1.0, binary mode, JSON (spec: messages, "On the wire")."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from pydantic import ValidationError

from contracts.defaults import COMMAND_BYTES
from contracts.envelope import Body, Command, Envelope, Kind, Message
from contracts.errors import (
    InvalidBodyError,
    LiteralSecretError,
    MalformedMessageError,
    NewerVersionError,
    OversizedMessageError,
    UnknownMessageError,
)
from contracts.registry import BODIES, wire_type
from contracts.upcasts import upcast
from contracts.values import LiteralSecretValueError

CONTENT_TYPE: Final = "application/json"
NUL: Final = "\x00"
"""A character that JSON may hold and PostgreSQL may not."""
_ESCAPED_NUL: Final = b"\\u0000"
"""The only way to write one in JSON."""
_TYPE: Final = re.compile(r"nightkeep\.(command|event|progress)\.([A-Za-z]+)\.v([1-9][0-9]{0,5})")

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class RawRecord:
    """A Kafka record as it travels: key, value and headers in bytes."""

    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True)
class TypeName:
    """A `ce_type` taken apart."""

    kind: Kind
    name: str
    version: int


def encode(message: Message[Body]) -> RawRecord:
    """The record of `message`. Raises OversizedMessageError for a command above the limit."""
    value = message.body.model_dump_json().encode()
    if isinstance(message.body, Command):
        _refuse_oversized(value)
    return RawRecord(message.envelope.key.encode(), value, tuple(_headers(message)))


def _headers(message: Message[Body]) -> Iterable[tuple[str, bytes]]:
    envelope = message.envelope
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": str(envelope.id),
        "ce_type": wire_type(type(message.body)),
        "ce_source": envelope.source,
        "ce_subject": envelope.subject,
        "ce_time": timestamp(envelope.time),
        "content-type": CONTENT_TYPE,
        "ce_sequence": None if envelope.sequence is None else str(envelope.sequence),
        "ce_correlationid": str(envelope.correlation_id),
        "ce_causationid": None if envelope.causation_id is None else str(envelope.causation_id),
        "ce_actor": envelope.actor,
        "ce_actorverified": "true" if envelope.actor_verified else None,
        "ce_notafter": None if envelope.not_after is None else timestamp(envelope.not_after),
    }
    return ((name, text.encode()) for name, text in attributes.items() if text is not None)


def timestamp(instant: datetime) -> str:
    """RFC 3339 in UTC with microseconds and `Z`."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def decode(record: RawRecord) -> Message[Body]:
    """The message in `record`, brought to the version that this release knows.

    Raises one of the DecodeError tree; its text names the field and what to do, and never repeats a value.
    """
    headers = read_headers(record.headers)
    type_name = read_type(headers)
    if type_name.kind is Kind.COMMAND:
        _refuse_oversized(record.value or b"")
    body_type = _known_body(type_name)
    body = _sound(body_type, record.value or b"") if type_name.version == body_type.VERSION else None
    if body is None:
        data = _json_object(record.value)
        data = upcast(type_name.kind, type_name.name, data, version=type_name.version, wanted=body_type.VERSION)
        body = _validated(body_type, data)
    return Message(_envelope(headers, record.key), body)


def read_headers(headers: Headers) -> dict[str, str]:
    """The headers as text, of which each may be there once. Raises MalformedMessageError."""
    found: dict[str, str] = {}
    for name, value in headers:
        if name in found and name.startswith("ce_"):
            raise MalformedMessageError(f"the header {name} is there twice", field=name)
        try:
            found[name] = value.decode()
        except UnicodeDecodeError as error:
            raise MalformedMessageError(f"the header {name} is not UTF-8", field=name) from error
        if NUL in found[name]:
            raise MalformedMessageError(f"the header {name} holds a NUL character", field=name)
    return found


def read_id(record: RawRecord) -> UUID | None:
    """The `ce_id`, where one can be read at all, whatever else is wrong."""
    found = [value for name, value in record.headers if name == "ce_id"]
    try:
        return UUID(found[0].decode()) if len(found) == 1 else None
    except ValueError:
        return None


def read_type(headers: dict[str, str]) -> TypeName:
    """The `ce_type` taken apart. Raises MalformedMessageError or UnknownMessageError."""
    return _type_name(_required(headers, "ce_type"))


@lru_cache(maxsize=1000)
def _type_name(text: str) -> TypeName:
    match = _TYPE.fullmatch(text)
    if match is None:
        raise UnknownMessageError(
            f"the type {text[:200]!r} is none of ours: it reads nightkeep.<command|event|progress>.<Name>.v<n>",
            field="ce_type",
        )
    return TypeName(Kind(match[1]), match[2], int(match[3]))


def body_hash(record: RawRecord) -> bytes:
    """What tells a repeated command from another one under the same id: SHA-256 of type and data, spelling aside."""
    kind = dict(record.headers).get("ce_type", b"")
    try:
        data = json.dumps(json.loads(record.value or b""), sort_keys=True, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        data = record.value or b""
    return hashlib.sha256(kind + b"\0" + data).digest()


def _known_body(type_name: TypeName) -> type[Body]:
    body_type = BODIES.get((type_name.kind, type_name.name))
    if body_type is None:
        raise UnknownMessageError(f"there is no {type_name.kind} {type_name.name}", field="ce_type")
    if type_name.version > body_type.VERSION:
        raise NewerVersionError(
            f"{type_name.name} has version {type_name.version}, this release knows {body_type.VERSION}: upgrade it",
            field="ce_type",
        )
    return body_type


def _refuse_oversized(value: bytes) -> None:
    if len(value) > COMMAND_BYTES:
        raise OversizedMessageError(f"a command has at most {COMMAND_BYTES} bytes, this one has {len(value)}")


def _sound(body_type: type[Body], value: bytes) -> Body | None:
    """The body straight from its bytes, several times as fast; None where one has to look more closely."""
    if _ESCAPED_NUL in value:
        return None
    try:
        return body_type.model_validate_json(value)
    except ValidationError:
        return None


def _json_object(value: bytes | None) -> dict[str, Any]:
    try:
        data = json.loads(value or b"")
    except (ValueError, RecursionError) as error:
        raise MalformedMessageError("the data is not JSON in UTF-8") from error
    if not isinstance(data, dict):
        raise MalformedMessageError("the data is no JSON object")
    if any(NUL in text for text in _texts(data)):
        raise MalformedMessageError("the data holds a NUL character")
    return data


def _texts(data: object) -> Iterable[str]:
    """Every text in `data`, names too."""
    rest = [data]
    while rest:
        match rest.pop():
            case str() as text:
                yield text
            case dict() as members:
                rest.extend([*members.keys(), *members.values()])
            case list() as items:
                rest.extend(items)


def _validated(body_type: type[Body], data: dict[str, Any]) -> Body:
    try:
        return body_type.model_validate_json(json.dumps(data))
    except ValidationError as error:
        raise _invalid(body_type, error) from None  # the cause holds the values, a secret among them


def _invalid(body_type: type[Body], error: ValidationError) -> InvalidBodyError | LiteralSecretError:
    for problem in error.errors(include_url=False, include_input=False):
        if isinstance(problem.get("ctx", {}).get("error"), LiteralSecretValueError):
            return LiteralSecretError(f"{_field(problem)}: {_said(problem)}", field=_field(problem))
    problem = error.errors(include_url=False, include_input=False)[0]
    field = _field(problem)
    return InvalidBodyError(f"{body_type.__name__}{'.' if field else ''}{field}: {_said(problem)}", field=field or None)


def _said(problem: Any) -> str:  # noqa: ANN401 -- pydantic's ErrorDetails lives in pydantic_core
    return str(problem["msg"]).removeprefix("Value error, ")


def _field(problem: Any) -> str:  # noqa: ANN401 -- pydantic's ErrorDetails lives in pydantic_core
    return ".".join(str(part) for part in problem["loc"])


def _envelope(headers: dict[str, str], key: bytes | None) -> Envelope:
    if _required(headers, "ce_specversion") != "1.0":
        raise MalformedMessageError("ce_specversion must be 1.0", field="ce_specversion")
    message_id = _required(headers, "ce_id")
    attributes = {
        "id": message_id,
        "source": _required(headers, "ce_source"),
        "subject": headers.get("ce_subject"),
        "time": _required(headers, "ce_time"),
        "key": (key or b"").decode(errors="replace"),
        "correlation_id": headers.get("ce_correlationid", message_id),
        "causation_id": headers.get("ce_causationid"),
        "actor": headers.get("ce_actor", "unknown"),
        "actor_verified": headers.get("ce_actorverified") == "true",
        "sequence": headers.get("ce_sequence"),
        "not_after": headers.get("ce_notafter"),
    }
    try:
        return Envelope.model_validate(attributes)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        field = "ce_" + _field(problem).replace("_", "")
        raise MalformedMessageError(f"{field}: {_said(problem)}", field=field) from None


def _required(headers: dict[str, str], name: str) -> str:
    try:
        return headers[name]
    except KeyError:
        raise MalformedMessageError(f"the header {name} is missing", field=name) from None
