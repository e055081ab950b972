"""Which roles a grant or a policy names, and the same statement for another server's roles."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from services.platform.connectors.database.loading.statements import SPACE, Statement, unquoted
from services.platform.connectors.database.quoting import identifier

EVERYBODY: Final = frozenset({"PUBLIC", "CURRENT_USER", "SESSION_USER", "CURRENT_ROLE"})
Roles = Mapping[str, str]
"""Role of the dump to role of the server; one that is missing here is not there."""


@dataclass(frozen=True)
class Adapted:
    """What became of a statement: None when nothing of it can be said here; `missing` are the roles that lack."""

    statement: Statement | None
    missing: tuple[str, ...] = ()


def adapt(statement: Statement, roles: Roles) -> Adapted:
    """The statement in the roles of the server. A policy does without those that are missing, a grant does not."""
    places = list(_role_places(statement))
    named = {place: unquoted(statement.tokens[place]) for place in places if statement.tokens[place] not in EVERYBODY}
    missing = tuple(sorted({name for name in named.values() if name not in roles}))
    replacements = {place: identifier(roles[name]) for place, name in named.items() if name in roles}
    if not missing:
        return Adapted(statement.replaced(replacements))
    if not statement.begins("CREATE", "POLICY") or len(named) - len(replacements) == len(places):
        return Adapted(None, missing)
    return Adapted(_without(statement.replaced(replacements), [p for p in places if named.get(p) in missing]), missing)


def _role_places(statement: Statement) -> Iterator[int]:
    places = statement.places
    words = [statement.tokens[place] for place in places]
    if statement.begins("CREATE", "POLICY"):
        yield from _policy_roles(places, words)
    elif statement.begins("CREATE", "USER", "MAPPING", "FOR"):
        yield places[4]
    else:
        if statement.begins("ALTER", "DEFAULT", "PRIVILEGES", "FOR", "ROLE"):
            yield places[5]
        if {"GRANT", "REVOKE"} & {*words[:1], *words[6:10]}:
            last = max(index for index, word in enumerate(words) if word in ("TO", "FROM"))
            yield places[last + 1]


def _policy_roles(places: list[int], words: list[str]) -> Iterator[int]:
    """The list behind TO, which comes before USING and WITH CHECK (and behind ON table)."""
    end = next((index for index, word in enumerate(words) if word in ("USING", "WITH")), len(words))
    if "TO" in words[:end]:
        begin = words.index("TO") + 1
        yield from (place for place, word in zip(places[begin:end], words[begin:end], strict=True) if word != ",")


def _without(statement: Statement, dropped: list[int]) -> Statement:
    """A policy without some of its roles, and without the commas that went with them."""
    tokens = list(statement.tokens)
    for place in dropped:
        before = next((p for p in range(place - 1, -1, -1) if tokens[p] not in (SPACE, "")), 0)
        after = next((p for p in range(place + 1, len(tokens)) if tokens[p] not in (SPACE, "")), place)
        comma = before if tokens[before] == "," else after
        tokens[place] = ""
        tokens[comma] = "" if tokens[comma] == "," else tokens[comma]
    return Statement(tuple(tokens))
