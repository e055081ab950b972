"""Runs what is not simply loaded, each statement by itself, with the least rights that do; names each that failed.

The environment role tries first. What only others may do, the provisioner does, and only for statements whose first
words are known here: a dump is data, and no superuser runs what it says.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import asyncpg

from contracts.values import Warning  # noqa: A004 -- the product's word
from services.platform.connectors.database.access import DatabaseAccess
from services.platform.connectors.database.connection import Connection, connected, provisioning
from services.platform.connectors.database.loading.contents import Kind
from services.platform.connectors.database.loading.roles import Roles, adapt
from services.platform.connectors.database.loading.statements import Statement, unquoted
from services.platform.connectors.database.quoting import identifier

EXAMPLES: Final = 5
EXAMPLE_CHARACTERS: Final = 200
_FOR_THE_PROVISIONER: Final[Mapping[Kind, Sequence[tuple[str, ...]]]] = {
    Kind.EVENT_TRIGGER: (
        ("CREATE", "EVENT", "TRIGGER"),
        ("ALTER", "EVENT", "TRIGGER"),
        ("COMMENT", "ON", "EVENT", "TRIGGER"),
    ),
    Kind.PUBLICATION: (("CREATE", "PUBLICATION"), ("ALTER", "PUBLICATION"), ("COMMENT", "ON", "PUBLICATION")),
}
_EXTENSION: Final = (("CREATE", "EXTENSION", "IF", "NOT", "EXISTS"), ("COMMENT", "ON", "EXTENSION"))
_WRAPPERS: Final = """
SELECT w.fdwname AS name
FROM pg_catalog.pg_foreign_data_wrapper AS w
JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass
    AND d.objid = w.oid AND d.deptype = 'e'
JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
WHERE e.extname = ANY ($1::text[]) AND w.fdwowner = current_user::regrole
"""
_REFUSED: Final = (
    asyncpg.InsufficientPrivilegeError,
    asyncpg.SyntaxOrAccessError,
    asyncpg.InvalidObjectDefinitionError,
    asyncpg.FeatureNotSupportedError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.DataError,
    asyncpg.UndefinedFileError,
)


@dataclass
class Left:
    """What could not be brought back, gathered by code."""

    _said: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def note(self, kind: Kind, words: str) -> None:
        """One more thing of this kind."""
        self._said[f"{kind.name}_NOT_RESTORED"].append(words[:EXAMPLE_CHARACTERS])

    def warnings(self) -> tuple[Warning, ...]:
        """One warning for each kind, with how many there were and a few of them."""
        return tuple(
            Warning(
                code=code,
                message=f"{len(said)} of kind {code.removesuffix('_NOT_RESTORED').replace('_', ' ').lower()} could not "
                f"be brought back",
                count=len(said),
                examples=tuple(said[:EXAMPLES]),
            )
            for code, said in self._said.items()
        )


async def create_extensions(access: DatabaseAccess, database: str, statements: Iterable[Statement], left: Left) -> None:
    """Install extensions: trusted ones as the environment role, allowed ones as the provisioner, others not at all."""
    allowed = [each for each in statements if _is_extension(each)]
    refused = await _as_role(access, database, allowed)
    mine = [each for each, _ in refused if _extension_name(each) in access.extensions]
    for statement, said in refused:
        if statement not in mine and statement.begins("CREATE"):
            left.note(Kind.EXTENSION, f"{_extension_name(statement)}: {said}")
    for statement, said in await _as_provisioner(access, database, mine):
        left.note(Kind.EXTENSION, f"{_extension_name(statement)}: {said}")
    await _lend_wrappers(access, database, {_extension_name(each) for each in mine})


async def _lend_wrappers(access: DatabaseAccess, database: str, extensions: set[str]) -> None:
    """Let the environment role use the foreign-data wrappers that came with an allowed extension: its servers do."""
    if not extensions:
        return
    async with provisioning(access, database) as connection:
        for wrapper in await connection.fetch(_WRAPPERS, list(extensions)):
            wrapped, role = identifier(wrapper["name"]), identifier(access.role.user)
            await connection.execute(f"GRANT USAGE ON FOREIGN DATA WRAPPER {wrapped} TO {role}")


async def create_by_either(
    access: DatabaseAccess, database: str, kind: Kind, statements: Iterable[Statement], left: Left
) -> None:
    """Create publications or event triggers, as the provisioner where the environment role may not."""
    refused = await _as_role(access, database, statements)
    known = [each for each, _ in refused if any(each.begins(*words) for words in _FOR_THE_PROVISIONER[kind])]
    for statement, said in await _as_provisioner(access, database, known):
        left.note(kind, f"{shortened(statement)}: {said}")
    for statement, said in refused:
        if statement not in known:
            left.note(kind, f"{shortened(statement)}: {said}")


async def create_by_role(
    access: DatabaseAccess, database: str, kind: Kind, statements: Iterable[Statement], left: Left
) -> None:
    """Create publications or event triggers as the environment role, and no more."""
    for statement, said in await _as_role(access, database, statements):
        left.note(kind, f"{shortened(statement)}: {said}")


async def apply_in_roles(  # noqa: PLR0913 -- where, what, for whom
    access: DatabaseAccess, database: str, kind: Kind, statements: Iterable[Statement], *, roles: Roles, left: Left
) -> None:
    """Apply policies, user mappings or grants in this server's roles; what names a role that is not here is noted."""
    sayable: list[Statement] = []
    for statement in statements:
        adapted = adapt(statement, roles)
        if adapted.missing:
            left.note(kind, f"no role {', '.join(adapted.missing)} here: {shortened(statement)}")
        if adapted.statement is not None:
            sayable.append(adapted.statement)
    for statement, said in await _as_role(access, database, sayable):
        left.note(kind, f"{shortened(statement)}: {said}")


async def run_all(access: DatabaseAccess, database: str, statements: Iterable[Statement]) -> None:
    """Run statements as the environment role; the first that fails ends it (schemas: everything needs them)."""
    async with connected(access, access.role, database) as connection:
        for statement in statements:
            await connection.fetch(statement.sql)


async def known_roles(access: DatabaseAccess, owner: str | None) -> dict[str, str]:
    """Which role of this server stands for which role of the dump: the role map, the owner, and roles named alike."""
    async with connected(access, access.role, access.database) as connection:
        here = {row[0] for row in await connection.fetch("SELECT rolname FROM pg_catalog.pg_roles")}
    owners = {owner: access.role.user} if owner else {}
    mapped = {theirs: ours for theirs, ours in access.role_map.items() if ours in here}
    return {name: name for name in here} | owners | mapped


def shortened(statement: Statement) -> str:
    """The first line's worth of a statement, without the conditions that a policy may hold."""
    return statement.sql.split(" USING ")[0].split(" OPTIONS ")[0][:EXAMPLE_CHARACTERS]


def _is_extension(statement: Statement) -> bool:
    return any(statement.begins(*words) for words in _EXTENSION)


def _extension_name(statement: Statement) -> str:
    words = [statement.tokens[place] for place in statement.places]
    return unquoted(words[5] if statement.begins("CREATE") else words[3])


Refused = list[tuple[Statement, str]]


async def _as_role(access: DatabaseAccess, database: str, statements: Iterable[Statement]) -> Refused:
    async with connected(access, access.role, database) as connection:
        return await _each(connection, statements)


async def _as_provisioner(access: DatabaseAccess, database: str, statements: Sequence[Statement]) -> Refused:
    if not statements:
        return []
    async with provisioning(access, database) as connection:
        return await _each(connection, statements)


async def _each(connection: Connection, statements: Iterable[Statement]) -> Refused:
    """Run each by itself, and only if it is a single statement (`fetch` prepares it, which allows no more)."""
    refused: Refused = []
    for statement in statements:
        try:
            await connection.fetch(statement.sql)
        except _REFUSED as error:
            refused.append((statement, str(error)))
    return refused
