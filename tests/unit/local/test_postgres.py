"""A PostgreSQL of the stack is prepared while the last processes of one that was killed still remove files."""

import os
from pathlib import Path

import pytest

from infra.local.engines import postgres
from infra.local.engines.postgres import Postgres
from infra.local.identity import Identity


def test_what_is_the_servers_own_already_is_not_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []
    monkeypatch.setattr(os, "chown", lambda path, *_, **__: given.append(Path(path).name))
    monkeypatch.setattr(postgres, "blocked_at", lambda *_: None)
    engine = Postgres(tmp_path, 5432, "secret", files={"server.key": "key"})
    (tmp_path / "data").mkdir()
    for name in ("PG_VERSION", "a table"):
        (tmp_path / "data" / name).write_text("18\n", encoding="ascii")

    monkeypatch.setattr(postgres, "unprivileged", lambda: Identity(os.getuid(), os.getgid()))
    engine.prepare()
    assert sorted(given) == sorted([tmp_path.name, "postgresql.auto.conf", "pg_hba.conf", "server.key"])

    given.clear()
    monkeypatch.setattr(postgres, "unprivileged", lambda: Identity(os.getuid() + 1, os.getgid()))
    engine.prepare()
    assert given[0] == tmp_path.name
    assert given[-1] == "data", "who is killed on the way begins again"
    assert {"PG_VERSION", "a table", "server.key"} < set(given)
