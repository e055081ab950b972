"""What a dump says it holds: the list that `pg_restore --list --verbose` prints, taken apart."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What has to become of an entry. Everything but ORDINARY and SCHEMA is taken out of the list that is loaded."""

    ORDINARY = "ordinary"
    SCHEMA = "schema"
    EXTENSION = "extension"
    GRANT = "grant"
    POLICY = "policy"
    USER_MAPPING = "user mapping"
    PUBLICATION = "publication"
    EVENT_TRIGGER = "event trigger"
    SUBSCRIPTION = "subscription"
    SECURITY_LABEL = "security label"
    DATABASE = "database"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: `text` as pg_restore wants it back, `what` its description without ids."""

    dump_id: int
    text: str
    what: str
    kind: Kind
    depends_on: frozenset[int]


@dataclass(frozen=True)
class Contents:
    """A dump's table of contents. `server_major` is of the server it was dumped from, `tools_major` of its pg_dump."""

    entries: Sequence[Entry]
    database: str
    server_major: int
    tools_major: int

    def of(self, *kinds: Kind) -> list[Entry]:
        """The entries of these kinds, in the dump's order."""
        return [entry for entry in self.entries if entry.kind in kinds]

    @property
    def table_count(self) -> int:
        """Tables that are created."""
        return sum(
            entry.what.startswith(("TABLE ", "FOREIGN TABLE ")) and _is_table(entry.what) for entry in self.entries
        )

    @property
    def owner(self) -> str | None:
        """The role that owned the database, if the dump says."""
        prefix = f"DATABASE - {self.database} "
        owners = [entry.what.removeprefix(prefix) for entry in self.entries if entry.what.startswith(prefix)]
        return owners[0] if owners else None

    def extensions(self) -> dict[str, Entry]:
        """The extensions by name (an extension has no owner in a dump)."""
        prefix = "EXTENSION - "
        return {
            entry.what.removeprefix(prefix).rstrip(): entry
            for entry in self.of(Kind.EXTENSION)
            if entry.what.startswith(prefix)
        }

    def dependents(self, entry: Entry) -> list[Entry]:
        """What is loaded and needs `entry`, directly or through others."""
        needing = {entry.dump_id}
        found: list[Entry] = []
        grew = True
        while grew:
            more = [e for e in self.entries if e.dump_id not in needing and e.depends_on & needing]
            needing |= {e.dump_id for e in more}
            found += [e for e in more if e.kind is Kind.ORDINARY]
            grew = bool(more)
        return found


def as_list(entries: Iterable[Entry]) -> str:
    """A list file for `pg_restore --use-list`."""
    return "".join(entry.text + "\n" for entry in entries)


_ENTRY: Final = re.compile(r"(?P<id>\d+); \d+ \d+ (?P<what>.*)")
_DEPENDS: Final = re.compile(r";\s+depends on:(?P<ids>[\d ]*)")
_DATABASE: Final = re.compile(r";\s+dbname: (?P<name>.*)")
_SERVER: Final = re.compile(r";\s+Dumped from database version: (\d+)")
_TOOLS: Final = re.compile(r";\s+Dumped by pg_dump version: (\d+)")
_SORTS: Final = (
    (re.compile(r"SCHEMA - "), Kind.SCHEMA),
    (re.compile(r"EXTENSION - |COMMENT - EXTENSION "), Kind.EXTENSION),
    (re.compile(r"((COMMENT|ACL) - )?DATABASE( PROPERTIES)? |(ENCODING|STDSTRINGS|SEARCHPATH) - "), Kind.DATABASE),
    (re.compile(r"ACL |DEFAULT ACL "), Kind.GRANT),
    (re.compile(r"POLICY |COMMENT .* POLICY "), Kind.POLICY),
    (re.compile(r"USER MAPPING "), Kind.USER_MAPPING),
    (re.compile(r"SUBSCRIPTION |COMMENT - SUBSCRIPTION "), Kind.SUBSCRIPTION),
    (re.compile(r"PUBLICATION |COMMENT - PUBLICATION "), Kind.PUBLICATION),
    (re.compile(r"EVENT TRIGGER |COMMENT - EVENT TRIGGER "), Kind.EVENT_TRIGGER),
    (re.compile(r"SECURITY LABEL "), Kind.SECURITY_LABEL),
)
"""A comment on something in a schema whose own name looks like one of these is only made later, not lost."""


def parse(listing: str) -> Contents:
    """Take the output of `pg_restore --list --verbose` apart. Raises ValueError when it is no such output."""
    entries: list[Entry] = []
    heading: dict[str, str] = {}
    for line in listing.splitlines():
        if found := _ENTRY.fullmatch(line):
            entries.append(Entry(int(found["id"]), line, found["what"], _kind(found["what"]), frozenset()))
        elif (found := _DEPENDS.fullmatch(line)) and entries:
            entries[-1] = _with_dependencies(entries[-1], found["ids"])
        else:
            _read_heading(line, heading)
    try:
        return Contents(entries, heading["database"], int(heading["server"]), int(heading["tools"]))
    except KeyError as error:
        raise ValueError(f"the list of a dump's contents has no {error.args[0]}") from error


def _read_heading(line: str, heading: dict[str, str]) -> None:
    for name, pattern in (("database", _DATABASE), ("server", _SERVER), ("tools", _TOOLS)):
        if found := pattern.match(line):
            heading.setdefault(name, found[1])


def _with_dependencies(entry: Entry, ids: str) -> Entry:
    return Entry(entry.dump_id, entry.text, entry.what, entry.kind, frozenset(int(each) for each in ids.split()))


def _kind(what: str) -> Kind:
    return next((kind for pattern, kind in _SORTS if pattern.match(what)), Kind.ORDINARY)


def _is_table(what: str) -> bool:
    return not what.startswith(("TABLE DATA ", "TABLE ATTACH "))
