"""What pg_dump writes, and nothing else: a dump that somebody sent is SQL, run by the role that owns the live database.

An entry's text goes to the server as one query. A query of several statements is a transaction, in which no database
can be dropped; one of a single statement is what its first words say. So the first words, as they are in the text, must
be some that pg_dump begins with. The statements behind the first are looked at, too.

What functions of the dump do while it loads (a check of a table may call one) is theirs: they run as that role in a
transaction, can drop no database, and are not looked into. What they change outside the new database is put back, and
the dump refused then (see `outside`).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from services.platform.archives.dump.texts import Texts
from services.platform.connectors.database.errors import UnsupportedContentError
from services.platform.connectors.database.loading.contents import Contents, Kind
from services.platform.connectors.database.loading.foreign import SHOWN_CHARACTERS
from services.platform.connectors.database.loading.statements import Statement, split

LONGEST_CHARACTERS: Final = 4 * 1024 * 1024
"""Of an entry's statements: taking them apart takes a hundred times their room, and no view is as long."""
_BY_NAME: Final = frozenset({
    "ACL", "BLOB", "COMMENT", "DATABASE", "DATABASE PROPERTIES", "DEFAULT ACL", "EXTENSION", "POLICY", "PUBLICATION",
    "PUBLICATION TABLE", "PUBLICATION TABLES IN SCHEMA", "ROW SECURITY", "SCHEMA", "SECURITY LABEL", "SUBSCRIPTION",
    "SUBSCRIPTION TABLE", "USER MAPPING",
    "ACCESS METHOD", "AGGREGATE", "CAST", "CHECK CONSTRAINT", "COLLATION", "CONSTRAINT", "CONVERSION", "DEFAULT",
    "DOMAIN", "EVENT TRIGGER", "FK CONSTRAINT", "FOREIGN DATA WRAPPER", "FOREIGN TABLE", "FUNCTION", "INDEX",
    "INDEX ATTACH", "MATERIALIZED VIEW", "MATERIALIZED VIEW DATA", "OPERATOR", "OPERATOR CLASS", "OPERATOR FAMILY",
    "PROCEDURAL LANGUAGE", "PROCEDURE", "RULE", "SEQUENCE", "SEQUENCE OWNED BY", "SEQUENCE SET", "SERVER",
    "SHELL TYPE", "STATISTICS", "STATISTICS DATA", "TABLE", "TABLE ATTACH", "TEXT SEARCH CONFIGURATION",
    "TEXT SEARCH DICTIONARY", "TEXT SEARCH PARSER", "TEXT SEARCH TEMPLATE", "TRANSFORM", "TRIGGER", "TYPE", "VIEW",
})  # fmt: skip
"""Kinds of entries whose statements are looked at by their first words."""
_CREATED: Final = (
    "ACCESS METHOD", "AGGREGATE", "CAST", "COLLATION", "CONSTRAINT TRIGGER", "CONVERSION", "DEFAULT CONVERSION",
    "DOMAIN", "EVENT TRIGGER", "FOREIGN DATA WRAPPER", "FOREIGN TABLE", "FUNCTION", "INDEX", "LANGUAGE",
    "MATERIALIZED VIEW", "OPERATOR", "OR REPLACE LANGUAGE", "OR REPLACE PROCEDURAL LANGUAGE",
    "OR REPLACE TRUSTED LANGUAGE", "OR REPLACE TRUSTED PROCEDURAL LANGUAGE", "OR REPLACE VIEW", "POLICY",
    "PROCEDURAL LANGUAGE", "PROCEDURE", "PUBLICATION", "RULE", "SEQUENCE", "SERVER", "STATISTICS", "TABLE",
    "TEXT SEARCH", "TRANSFORM", "TRIGGER", "TRUSTED LANGUAGE", "TRUSTED PROCEDURAL LANGUAGE", "TYPE", "UNIQUE INDEX",
    "UNLOGGED SEQUENCE", "UNLOGGED TABLE", "USER MAPPING", "VIEW",
)  # fmt: skip
_ALTERED: Final = (
    "AGGREGATE", "COLLATION", "DEFAULT PRIVILEGES", "DOMAIN", "EVENT TRIGGER", "FOREIGN TABLE", "FUNCTION", "INDEX",
    "MATERIALIZED VIEW", "OPERATOR", "PROCEDURE", "PUBLICATION", "SEQUENCE", "SERVER", "STATISTICS", "TABLE",
    "TEXT SEARCH", "TRIGGER", "TYPE", "VIEW",
)  # fmt: skip
_BEGINS: Final = (
    *(f"CREATE {what} " for what in _CREATED),
    *(f"ALTER {what} " for what in _ALTERED),
    "REFRESH MATERIALIZED VIEW ",
    "SELECT pg_catalog.lo_create(",
    "SELECT pg_catalog.setval(",
    "SELECT * FROM pg_catalog.pg_restore_attribute_stats(",
    "SELECT * FROM pg_catalog.pg_restore_relation_stats(",
)
_WITH_BODIES: Final = frozenset({"FUNCTION", "PROCEDURE", "RULE"})
_IN_BODIES: Final = (
    "SELECT ", "INSERT ", "UPDATE ", "DELETE ", "MERGE ", "NOTIFY ", "WITH ", "VALUES ", "RETURN ",
    "END", ")", "(",
)  # fmt: skip
"""What a body in SQL, and a rule that does several things, have between semicolons."""
_COMMENT: Final = re.compile(r"COMMENT ON (?!(?:DATABASE|ROLE|TABLESPACE) )[A-Z]+ ")
_SHARED: Final = frozenset({"DATABASE", "PARAMETER", "TABLESPACE"})
"""What is no object of the database that is loaded: the server has it in common with the live one."""
_NAME: Final = r'(?:"(?:[^"]|"")+"|[a-z_][a-z0-9_]*)'
_COPY: Final = re.compile(rf"COPY (?:{_NAME}\.)?{_NAME} *(?:\({_NAME}(?:, {_NAME})*\) *)?(?:WITH OIDS )?FROM stdin;\n*")
_SETTINGS: Final[Mapping[str, re.Pattern[str]]] = {
    "ENCODING": re.compile(r"SET client_encoding = '[A-Za-z0-9_-]+';\n*"),
    "STDSTRINGS": re.compile(r"SET standard_conforming_strings = '(?:on|off)';\n*"),
    "SEARCHPATH": re.compile(r"SELECT pg_catalog\.set_config\('search_path', '', false\);\n*"),
    "BLOB METADATA": re.compile(r"(?:[0-9]+\n*)*"),
    "TABLE DATA": re.compile(r"(?:-- load via partition root [^\r\n]+)?\n*"),
    "BLOBS": re.compile(""),
}
"""Kinds of entries whose text is always the same, or that have none."""
_WITH_DATA: Final = frozenset({"TABLE DATA", "BLOBS"})


def refuse_other_entries(entries: Iterable[Texts], contents: Contents) -> None:
    """Raises UnsupportedContentError for an entry that pg_dump does not write so."""
    loaded = {entry.dump_id for entry in contents.of(Kind.ORDINARY)}
    for entry in entries:
        if entry.kind in _SETTINGS:
            _refuse_unless(_SETTINGS[entry.kind].fullmatch(entry.definition), entry.definition)
        else:
            _refuse_unless(entry.kind in _BY_NAME, entry.kind)
        if entry.dump_id in loaded and entry.kind in _BY_NAME:
            _refuse_definition(entry)
        _refuse_data(entry)


def refuse_other_statements(statements: Iterable[Statement]) -> None:
    """The same for statements that are run each by itself. Raises UnsupportedContentError."""
    for statement in statements:
        _refuse_unless(_begins(statement.sql) or _grants(statement), statement.sql)


def _refuse_definition(entry: Texts) -> None:
    text = entry.definition.lstrip("\n")
    if not text:
        return
    if len(text) > LONGEST_CHARACTERS:
        raise UnsupportedContentError(
            f"pg_dump would have to write a statement of {len(text):,} characters for {text[:SHOWN_CHARACTERS]!r}: "
            f"up to {LONGEST_CHARACTERS:,} are read"
        )
    _refuse_unless(_begins(text), text)
    also = _IN_BODIES if entry.kind in _WITH_BODIES else ()
    for statement in split(text):
        _refuse_unless(_begins(statement.sql) or statement.sql.startswith(also), statement.sql)


def _begins(sql: str) -> bool:
    return sql.startswith(_BEGINS) or _COMMENT.match(sql) is not None


def _grants(statement: Statement) -> bool:
    """A right on something of this database; membership in a role is on nothing."""
    words = [statement.tokens[place] for place in statement.places]
    at = words.index("ON") + 1 if "ON" in words else len(words)
    return statement.sql.startswith(("GRANT ", "REVOKE ")) and words[at : at + 1] != [] and words[at] not in _SHARED


def _refuse_data(entry: Texts) -> None:
    if entry.copies:
        _refuse_unless(_COPY.fullmatch(entry.copies), entry.copies)
    _refuse_unless(not entry.has_data or entry.kind in _WITH_DATA, f"{entry.kind} with data")
    if entry.has_data and entry.kind == "TABLE DATA" and not entry.copies:
        raise UnsupportedContentError(
            "the dump holds its rows as INSERT statements, which nobody can look through before they run: make it "
            "without --inserts, --column-inserts and --rows-per-insert"
        )


def _refuse_unless(known: object, text: str) -> None:
    if known:
        return
    shown = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")[:SHOWN_CHARACTERS]
    raise UnsupportedContentError(
        f"the dump holds a statement that pg_dump does not write there: {shown!r}. Send a dump as pg_dump -Fc makes it"
    )
