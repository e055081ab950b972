"""What the witness was shown: plain values, so that a test can tamper with any of them."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Record:
    """A record of a topic, with its headers as text and its value as bytes."""

    partition: int
    offset: int
    key: str
    headers: Mapping[str, str]
    value: bytes

    @property
    def id(self) -> str:
        """The message's own id; empty where there is none."""
        return self.headers.get("ce_id", "")

    @property
    def name(self) -> str:
        """`BackupRequested`, for example."""
        parts = self.headers.get("ce_type", "").split(".")
        return parts[2] if len(parts) > 2 else ""

    @cached_property
    def data(self) -> Json:
        """The value as JSON; nothing where it is none."""
        try:
            data = json.loads(self.value)
        except ValueError:
            return {}
        return data if isinstance(data, dict) else {}

    def named(self, by: str) -> str:
        """What it is about: what a field says that names a thing, or several with "/" between them."""
        return "/".join(str(self.data.get(field)) for field in by.split("/"))


@dataclass(frozen=True)
class Call:
    """A changing call of a client, or a look that failed, and what it was told."""

    user: str
    method: str
    path: str
    key: str | None
    status: int
    answer: Any


@dataclass(frozen=True)
class Written:
    """What a client had written before it asked for a backup: SHA-256 of each document, by its place."""

    documents: Mapping[str, str]
    database: str | None = None
    """SHA-256 of the database as text, where it was taken."""


@dataclass
class Evidence:
    """All of it. `rows` are the read model's documents by table and id; `objects` the bucket.

    `unfinished` are the keys of objects there that are put in parts and have no end, `parcels` what the gateway says
    that somebody sends, or that is worked off, `databases` those on the apps' server. `loaded` has, by the SHA-256 of a
    dump, that of the text of the database into which it was loaded, or of why it was not. `texts` are logs and
    arguments of processes, by their source; `secrets` must be in none of these.
    """

    events: list[Record]
    commands: list[Record] = field(default_factory=list)
    progress: list[Record] = field(default_factory=list)
    dead_letters: list[Record] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    rows: dict[str, dict[str, Json]] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    unfinished: Sequence[str] = ()
    parcels: Collection[str] = ()
    databases: Collection[str] = ()
    written: dict[str, Written] = field(default_factory=dict)
    loaded: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    secrets: Sequence[str] = ()
    master_key: bytes = b""
    reclaimed: bool = False
    """Whether everything that could be reclaimed was, before this was collected."""

    def distinct(self) -> list[Record]:
        """Events in the order of the log, each once: a record that is there again is the same event."""
        seen: set[str] = set()
        ordered = sorted(self.events, key=lambda one: (one.partition, one.offset))
        return [one for one in ordered if not (one.id in seen or seen.add(one.id))]  # type: ignore[func-returns-value]  # -- adds and is false


@dataclass(frozen=True)
class Finding:
    """Something that must not be. `rule` is one of few words, `what` says where."""

    rule: str
    what: str
