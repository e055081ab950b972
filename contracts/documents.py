"""The documents that are generated from the contracts: `python -m contracts.documents` writes them.

`asyncapi.json` (AsyncAPI 3) tells other programs what travels on which topic; `STATES.md` draws the state machines.
A test compares both with what is generated, so they cannot drift.
"""

import json
from pathlib import Path
from typing import Any, Final, Literal

from pydantic.json_schema import models_json_schema

from contracts.codec import CONTENT_TYPE
from contracts.envelope import Kind
from contracts.registry import BODIES, wire_type
from contracts.states import MACHINES, Machine
from contracts.topics import FOR_EVER, RULES, Topic, TopicRule

FOLDER: Final = Path(__file__).parent
ASYNCAPI: Final = FOLDER / "asyncapi.json"
STATES: Final = FOLDER / "STATES.md"

_TOPIC_OF: Final = {Kind.COMMAND: Topic.COMMANDS, Kind.EVENT: Topic.EVENTS, Kind.PROGRESS: Topic.PROGRESS}
_REF: Final = "#/components/schemas/{model}"


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3 document as plain data."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Nightkeep",
            "version": "1",
            "description": "CloudEvents 1.0 in Kafka's binary mode. The message key is the app's id as text, "
            "or `platform` for what belongs to no app, so everything about an app is totally ordered.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {rule.topic.value: _channel(rule) for rule in RULES},
        "operations": {
            "request": {"action": "receive", "channel": {"$ref": "#/channels/commands"}},
            "tell": {"action": "send", "channel": {"$ref": "#/channels/events"}},
            "progress": {"action": "send", "channel": {"$ref": "#/channels/progress"}},
        },
        "components": {"messages": _messages(), "messageTraits": {"cloudEvent": _trait()}, "schemas": _schemas()},
    }


def _channel(rule: TopicRule) -> dict[str, Any]:
    kept = "for ever" if rule.retention_ms == FOR_EVER else f"{rule.retention_ms // 3_600_000} hours"
    names = [name for (kind, name) in sorted(BODIES) if _TOPIC_OF[kind] is rule.topic]
    return {
        "address": rule.topic.named(),
        "description": f"{rule.holds}; kept {kept}",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"kafka": {"partitions": rule.partitions, "topicConfiguration": _topic_configuration(rule)}},
    }


def _topic_configuration(rule: TopicRule) -> dict[str, Any]:
    return {"cleanup.policy": ["delete"], "retention.ms": rule.retention_ms}


def _messages() -> dict[str, Any]:
    return {
        name: {
            "name": wire_type(body),
            "summary": (body.__doc__ or "").strip().splitlines()[0],
            "contentType": CONTENT_TYPE,
            "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
            "payload": {"$ref": _REF.format(model=name)},
        }
        for (_, name), body in sorted(BODIES.items())
    }


def _trait() -> dict[str, Any]:
    text = {"type": "string"}
    uuid = {"type": "string", "format": "uuid"}
    instant = {"type": "string", "format": "date-time"}
    return {
        "headers": {
            "type": "object",
            "required": ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "content-type"],
            "properties": {
                "ce_specversion": {"const": "1.0"},
                "ce_id": uuid,
                "ce_type": text,
                "ce_source": text,
                "ce_subject": text,
                "ce_time": instant,
                "content-type": {"const": CONTENT_TYPE},
                "ce_sequence": {"type": "string", "pattern": "^[1-9][0-9]*$"},
                "ce_correlationid": uuid,
                "ce_causationid": uuid,
                "ce_actor": text,
                "ce_actorverified": {"const": "true"},
                "ce_notafter": instant,
            },
        },
        "bindings": {"kafka": {"key": text}},
    }


def _schemas() -> dict[str, Any]:
    mode: Literal["validation"] = "validation"
    _, schema = models_json_schema([(body, mode) for _, body in sorted(BODIES.items())], ref_template=_REF)
    definitions: dict[str, Any] = schema["$defs"]
    return definitions


def states() -> str:
    """The state machines as Markdown with Mermaid diagrams."""
    drawn = [
        f"## {name}\n\n```mermaid\nstateDiagram-v2\n{_diagram(machine)}\n```\n" for name, machine in MACHINES.items()
    ]
    return "# States\n\nGenerated from `states.py`; nothing moves outside these.\n\n" + "\n".join(drawn)


def _diagram(machine: Machine) -> str:
    first = next(iter(machine))
    lines = [f"    [*] --> {first}"]
    for state, moves in machine.items():
        lines += [f"    {state} --> {after}" for after in sorted(moves)] or [f"    {state} --> [*]"]
    return "\n".join(lines)


def rendered() -> dict[Path, str]:
    """Each document's path and its text."""
    return {ASYNCAPI: json.dumps(asyncapi(), indent=1, ensure_ascii=False) + "\n", STATES: states()}


if __name__ == "__main__":
    for path, text in rendered().items():
        path.write_text(text, encoding="utf-8")
