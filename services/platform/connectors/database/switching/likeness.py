"""The statements that make one database like another: pure, so that each kind of locale can be looked at."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from services.platform.connectors.database.quoting import identifier, literal

PROVIDERS: Final = {"c": "libc", "i": "icu", "b": "builtin"}
LISTS: Final = frozenset({
    "local_preload_libraries", "search_path", "session_preload_libraries", "shared_preload_libraries",
    "temp_tablespaces", "unix_socket_directories",
})  # fmt: skip
"""Settings whose stored value is a list with its own quotes."""
_PART: Final = re.compile(r'"(?:[^"]|"")*"|[^,\s"][^,]*')


@dataclass(frozen=True)
class Likeness:
    """What one database is, as far as another can be made like it.

    `comment` is None where there is none, `tablespace` where it is the one that a new database gets anyway.
    """

    oid: int
    owner: str
    encoding: str
    collate: str
    ctype: str
    provider: str | None
    locale: str | None
    icu_rules: str | None
    tablespace: str | None
    connection_limit: int
    allows_connections: bool
    has_acl: bool
    comment: str | None


@dataclass(frozen=True)
class Grant:
    """One right on a database; a grantee of None is everybody."""

    grantee: str | None
    privilege: str
    is_grantable: bool


@dataclass(frozen=True)
class Setting:
    """A setting of a database, or of one role in it."""

    role: str | None
    name: str
    value: str


def creation(name: str, like: Likeness) -> str:
    """CREATE DATABASE from template0 with the encoding, locale provider, collation, tablespace and owner of `like`."""
    return f"CREATE DATABASE {identifier(name)} " + " ".join(_options(like))


def _options(like: Likeness) -> Iterator[str]:
    yield "TEMPLATE template0"
    yield f"OWNER {identifier(like.owner)}"
    yield f"ENCODING {literal(like.encoding)}"
    yield f"LC_COLLATE {literal(like.collate)}"
    yield f"LC_CTYPE {literal(like.ctype)}"
    provider = PROVIDERS.get(like.provider or "c", "libc")
    if like.provider is not None:
        yield f"LOCALE_PROVIDER {provider}"
    if like.locale is not None and provider != "libc":
        yield f"{provider.upper()}_LOCALE {literal(like.locale)}"
    if like.icu_rules is not None:
        yield f"ICU_RULES {literal(like.icu_rules)}"
    if like.tablespace is not None:
        yield f"TABLESPACE {identifier(like.tablespace)}"


def granting(name: str, like: Likeness, grants: Sequence[Grant]) -> Iterator[str]:
    """The same rights on database `name` as on the other; nothing where those are the default ones."""
    if not like.has_acl:
        return
    yield f"REVOKE ALL ON DATABASE {identifier(name)} FROM PUBLIC"
    yield f"REVOKE ALL ON DATABASE {identifier(name)} FROM {identifier(like.owner)}"
    for grant in grants:
        whom = "PUBLIC" if grant.grantee is None else identifier(grant.grantee)
        option = " WITH GRANT OPTION" if grant.is_grantable else ""
        yield f"GRANT {grant.privilege} ON DATABASE {identifier(name)} TO {whom}{option}"


def setting(name: str | None, one: Setting) -> str:
    """The same setting for database `name`; None: for its role in all of them."""
    return f"ALTER {_whose(name, one.role)} SET {identifier(one.name)} TO {_value(one)}"


def settings_gone(name: str | None, role: str | None) -> str:
    """No settings any more for `role` in database `name`; None: for everybody there, or in all of them."""
    return f"ALTER {_whose(name, role)} RESET ALL"


def _whose(name: str | None, role: str | None) -> str:
    there = f"DATABASE {identifier(name)}" if name is not None else ""
    if role is None:
        return there
    return f"ROLE {identifier(role)}" + (f" IN {there}" if there else "")


def _value(one: Setting) -> str:
    if one.name not in LISTS:
        return literal(one.value)
    parts = (found[0].strip() for found in _PART.finditer(one.value))
    return ", ".join(literal(_unquoted(part)) for part in parts) or "''"


def _unquoted(part: str) -> str:
    return part[1:-1].replace('""', '"') if part.startswith('"') else part
