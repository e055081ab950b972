"""`nightkeep backup download`, as people and scripts run it."""

import hashlib
import json
import stat
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from services.cli.__main__ import app
from services.cli.downloading import DamagedDownloadError, download, part_of
from services.gateway.resources import Archive
from tests.support.archiving import documents
from tests.support.downloading import Shelf, dump_of
from tests.support.dumps import restored
from tests.support.gateway import ADMIN, Json

Nightkeep = Callable[..., Result]


@pytest.fixture
def nightkeep(shelf: Shelf) -> Nightkeep:
    """Run `nightkeep` with these arguments."""
    connection = {"NIGHTKEEP_URL": shelf.api.url, "NIGHTKEEP_USER": ADMIN, "NIGHTKEEP_API_KEY": shelf.api.key}
    return lambda *arguments: CliRunner().invoke(app, list(arguments), env={**connection, "COLUMNS": "100"})


@pytest.fixture(scope="module")
async def backup(shelf: Shelf) -> Json:
    return await shelf.backup(dump_of(2_000), documents(30, 20_000))


@pytest.fixture(scope="module")
async def archive(shelf: Shelf, backup: Json) -> Archive:
    return Archive.model_validate(await shelf.archive(backup))


def test_a_backup_is_downloaded_under_its_own_name(nightkeep: Nightkeep, backup: Json, tmp_path: Path) -> None:
    done = nightkeep("backup", "download", backup["backup_id"], "--output", str(tmp_path), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    (file,) = tmp_path.iterdir()
    assert file.name == told["file_name"] == f"files_and_database-{backup['backup_id'][:8]}-{_minute(backup)}.tar.gz"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == told["sha256"]


def _minute(backup: Json) -> str:
    return "".join(character for character in backup["created_at"][:16] if character.isdigit())


def test_a_database_is_downloaded_alone(nightkeep: Nightkeep, backup: Json, tmp_path: Path) -> None:
    target = tmp_path / "orders.backup"
    done = nightkeep("backup", "download", backup["backup_id"], "--database-only", "-o", str(target))
    assert done.exit_code == 0, done.output
    assert restored(target.read_bytes()).members[2, 0].count(b"\n") == 2_000
    assert "SHA-256" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["orders.backup"]


def test_a_file_that_is_there_is_not_replaced_unasked(nightkeep: Nightkeep, backup: Json, tmp_path: Path) -> None:
    target = tmp_path / "files.tar.gz"
    target.write_bytes(b"mine")
    arguments = ("backup", "download", backup["backup_id"], "--files-only", "-o", str(target))
    refused = nightkeep(*arguments)
    assert (refused.exit_code, target.read_bytes()) == (2, b"mine")
    assert "--overwrite" in refused.output
    assert nightkeep(*arguments, "--overwrite").exit_code == 0
    assert target.read_bytes() != b"mine"


def test_both_halves_alone_are_nothing(nightkeep: Nightkeep, backup: Json) -> None:
    done = nightkeep("backup", "download", backup["backup_id"], "--files-only", "--database-only")
    assert done.exit_code == 2


def test_a_broken_download_goes_on_where_it_ended(archive: Archive, tmp_path: Path) -> None:
    target, whole = tmp_path / "full.tar.gz", httpx.get(archive.url or "", timeout=60).content
    part = part_of(target, archive)
    part.write_bytes(whole[: len(whole) // 2])
    part.chmod(0o644)
    told: list[int] = []
    modes: set[int] = set()

    def on_bytes(count: int) -> None:
        told.append(count)
        modes.add(stat.S_IMODE(part.stat().st_mode))

    download(archive, target, on_bytes)
    assert modes | {stat.S_IMODE(target.stat().st_mode)} == {0o600}
    assert target.read_bytes() == whole
    assert told == sorted(told)
    assert (told[0], told[-1]) == (len(whole) // 2, len(whole))
    assert [path.name for path in tmp_path.iterdir()] == ["full.tar.gz"]


def test_a_download_goes_on_unless_it_is_to_begin_anew(
    nightkeep: Nightkeep, backup: Json, archive: Archive, tmp_path: Path
) -> None:
    target = tmp_path / "full.tar.gz"
    arguments = ("backup", "download", backup["backup_id"], "-o", str(target))
    part_of(target, archive).write_bytes(b"something else")
    assert nightkeep(*arguments, "--from-start").exit_code == 0
    whole = target.read_bytes()
    target.rename(part_of(target, archive))
    assert nightkeep(*arguments, "--resume").exit_code == 0
    assert target.read_bytes() == whole


def test_a_damaged_download_is_never_taken_for_the_file(archive: Archive, tmp_path: Path) -> None:
    target = tmp_path / "full.tar.gz"
    part_of(target, archive).write_bytes(b"something else")
    with pytest.raises(DamagedDownloadError, match="was removed"):
        download(archive, target, lambda _: None)
    assert list(tmp_path.iterdir()) == []
