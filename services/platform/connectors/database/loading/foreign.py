"""Schemas and extensions of a dump that somebody sent: their names are taken, and their statements are made here.

They come before the provisioner works in the new database: nothing of such a dump's text may have run there by then.
`pg_restore` makes schemas by name itself, but prints the text of one that begins with `--` as it is.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from services.platform.connectors.database.errors import UnsupportedContentError
from services.platform.connectors.database.loading.contents import Kind
from services.platform.connectors.database.loading.statements import Statement, split, unquoted
from services.platform.connectors.database.quoting import identifier

SHOWN_CHARACTERS: Final = 100
_SCHEMA: Final = ("CREATE", "SCHEMA")
_EXTENSION: Final = ("CREATE", "EXTENSION", "IF", "NOT", "EXISTS")
_COMMENT: Final = ("COMMENT", "ON", "EXTENSION")
_MORE_THAN_TABLES: Final = (("FOR", "ALL", "TABLES"), ("ADD", "TABLES", "IN"))
"""Behind the name of a publication."""


def schemas_alone(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """What makes the same schemas. Raises UnsupportedContentError for a statement that does anything else."""
    return tuple(_schema(statement) for statement in statements)


def extensions_alone(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """What installs the same extensions where they belong; their comments come with them from the server.

    Raises UnsupportedContentError for a statement that does anything else.
    """
    return tuple(_extension(statement) for statement in statements if not statement.begins(*_COMMENT))


def beyond_the_role(apart: Mapping[Kind, Iterable[Statement]]) -> list[str]:
    """What only a superuser creates, in words: event triggers, and publications of more than tables of one's own."""
    publications = [each for each in apart[Kind.PUBLICATION] if _publishes_what_may_come(_words(each))]
    triggers = [each for each in apart[Kind.EVENT_TRIGGER] if each.begins("CREATE")]
    return [each.sql[:SHOWN_CHARACTERS] for each in (*publications, *triggers)]


def _publishes_what_may_come(words: list[str]) -> bool:
    return tuple(words[3:6]) in _MORE_THAN_TABLES


def _schema(statement: Statement) -> Statement:
    match _words(statement):
        case [*first, name] if tuple(first) == _SCHEMA and _is_name(name):
            return _made(f"CREATE SCHEMA {_quoted(name)}")
    raise _not_of_pg_dump(statement, "schema")


def _extension(statement: Statement) -> Statement:
    match _words(statement):
        case [*first, name, "WITH", "SCHEMA", schema] if (
            tuple(first) == _EXTENSION and _is_name(name) and _is_name(schema)
        ):
            return _made(f"CREATE EXTENSION IF NOT EXISTS {_quoted(name)} WITH SCHEMA {_quoted(schema)}")
    raise _not_of_pg_dump(statement, "extension")


def _words(statement: Statement) -> list[str]:
    return [statement.tokens[place] for place in statement.places]


def _is_name(token: str) -> bool:
    return token.startswith('"') or token.replace("$", "_").isidentifier()


def _quoted(token: str) -> str:
    return identifier(unquoted(token))


def _made(sql: str) -> Statement:
    (statement,) = split(sql)
    return statement


def _not_of_pg_dump(statement: Statement, what: str) -> UnsupportedContentError:
    return UnsupportedContentError(
        f"the dump makes {what}s by a statement that pg_dump does not write: {statement.sql[:SHOWN_CHARACTERS]!r}. "
        "Send a dump as pg_dump -Fc makes it"
    )
