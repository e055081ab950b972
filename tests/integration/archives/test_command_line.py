"""`nightkeep backup download`, as people and scripts run it."""

import asyncio
import hashlib
import json
import os
import re
import signal
import stat
import sys
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


def environment_of(shelf: Shelf) -> dict[str, str]:
    connection = {"NIGHTKEEP_URL": shelf.api.url, "NIGHTKEEP_USER": ADMIN, "NIGHTKEEP_API_KEY": shelf.api.key}
    return {**os.environ, **connection, "COLUMNS": "200"}


async def begun(shelf: Shelf, *arguments: str) -> tuple[asyncio.subprocess.Process, str]:
    """A command that waits for its archive, and the archive's id as it tells it."""
    program = (sys.executable, "-m", "services.cli", *arguments)
    piped = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*program, env=environment_of(shelf), stdout=piped, stderr=piped)
    assert process.stderr is not None
    told = re.fullmatch(r"archive ([0-9a-f-]{36})\n", (await process.stderr.readline()).decode())
    assert told is not None
    return process, told[1]


async def test_an_archive_is_listed_shown_and_cancelled_once(shelf: Shelf, nightkeep: Nightkeep) -> None:
    backup = await shelf.backup(dump_of(10), {})
    assert "backup download" in nightkeep("archive", "list", backup["backup_id"]).stdout
    async with shelf.nothing_leased():
        archive_id = (await shelf.ask(backup, "database_only"))["archive_id"]
        assert archive_id in nightkeep("archive", "list", backup["backup_id"]).stdout
        assert "queued" in nightkeep("archive", "show", archive_id).stdout
        done = nightkeep("archive", "cancel", archive_id)
        again = nightkeep("archive", "cancel", archive_id)
    assert (done.exit_code, again.exit_code) == (0, 3)
    assert "failed: cancelled by user:ada" in done.stdout
    assert "this archive is failed: there is nothing to cancel" in again.stderr
    shown = json.loads(nightkeep("archive", "show", archive_id, "--json").stdout)
    assert (shown["state"], shown["failure"]["code"]) == ("failed", "CANCELLED")
    assert nightkeep("archive", "cancel", backup["backup_id"]).exit_code == 4
    assert nightkeep("archive", "cancel", "orders").exit_code == 2


async def test_an_archive_is_asked_for_and_its_link_is_told_without_a_download(
    shelf: Shelf, nightkeep: Nightkeep
) -> None:
    backup = await shelf.backup(dump_of(10), {})
    asked = ("archive", "create", backup["backup_id"], "--data-type", "database_only")
    async with shelf.nothing_leased():
        queued = nightkeep(*asked, "--no-wait")
        archive_id = json.loads(nightkeep(*asked, "--no-wait", "--json").stdout)["archive_id"]
        late = nightkeep(*asked, "--timeout", "0")
    done = nightkeep(*asked)
    told = json.loads(nightkeep(*asked, "--json").stdout)

    assert (queued.exit_code, late.exit_code, done.exit_code) == (0, 5, 0), (queued.output, late.output, done.output)
    assert archive_id in queued.stdout
    assert "http" not in queued.stdout
    assert (told["archive_id"], told["data_type"], told["state"]) == (archive_id, "database_only", "completed")
    async with shelf.stranger() as stranger:
        brought = (await stranger.get(done.stdout.splitlines()[-1])).content
    assert hashlib.sha256(brought).hexdigest() == told["sha256"]


async def test_an_archive_that_is_asked_for_and_cancelled_fails_the_command(shelf: Shelf, nightkeep: Nightkeep) -> None:
    backup = await shelf.backup(dump_of(10), {})
    async with shelf.nothing_leased():
        process, archive_id = await begun(shelf, "archive", "create", backup["backup_id"])
        assert nightkeep("archive", "cancel", archive_id).exit_code == 0
        out, _ = await process.communicate()
    assert process.returncode == 1
    assert "the archive could not be made: cancelled by user:ada" in out.decode()


def test_how_a_dry_run_is_asked_for_stands_in_the_help_of_restores(nightkeep: Nightkeep) -> None:
    assert "nightkeep restore create BACKUP --into ENVIRONMENT --dry-run" in " ".join(
        nightkeep("restore", "--help").stdout.replace("│", "").split()
    )


async def test_a_download_whose_archive_somebody_cancels_says_so_and_fails(
    shelf: Shelf, nightkeep: Nightkeep, tmp_path: Path
) -> None:
    backup = await shelf.backup(dump_of(10), {})
    async with shelf.nothing_leased():
        process, archive_id = await begun(shelf, "backup", "download", backup["backup_id"], "-o", str(tmp_path))
        assert nightkeep("archive", "cancel", archive_id).exit_code == 0
        out, _ = await process.communicate()
    assert (process.returncode, await asyncio.to_thread(os.listdir, tmp_path)) == (1, [])
    assert "the archive could not be made: cancelled by user:ada" in out.decode()


async def test_ctrl_c_leaves_the_archive_alone_and_says_how_to_go_on_and_how_to_stop_it(
    shelf: Shelf, tmp_path: Path
) -> None:
    backup = await shelf.backup(dump_of(10), {})
    async with shelf.nothing_leased():
        process, archive_id = await begun(
            shelf, "backup", "download", backup["backup_id"], "--database-only", "-o", str(tmp_path)
        )
        process.send_signal(signal.SIGINT)
        _, told = await process.communicate()
    assert process.returncode == 130, told
    again, stop = (
        f"nightkeep backup download {backup['backup_id']} --database-only",
        f"nightkeep archive cancel {archive_id}",
    )
    assert told.decode().splitlines()[-1] == f"the archive goes on: see `{again}`, stop it with `{stop}`"
    ready = await shelf.ended({"archive_id": archive_id})
    assert (await shelf.ask(backup, "database_only"))["archive_id"] == ready["archive_id"]
