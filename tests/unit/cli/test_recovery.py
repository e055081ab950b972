"""`nightkeep repository`: a person with the bucket and a key has every backup back, and needs nothing else."""

import asyncio
import json
import os
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from typer.testing import CliRunner, Result

from contracts.manifest import CONTENT_BYTES, Burial, Manifest
from services.cli.__main__ import app
from services.cli.exits import Exit
from services.platform.objectstore import DirectoryObjectStore
from services.platform.repository import EnvironmentRepository, RepositoryV2
from services.platform.repository.layout import index_prefix, key_prefix, pack_prefix
from services.platform.repository.wraps import Wraps
from tests.suites.repository import KEY
from tests.support.damaging import rot
from tests.support.dumps import dump_of_two_contents
from tests.support.manifests import tombstone
from tests.support.stored_backups import place_of, store_backup

runner = CliRunner()


class Kept:
    """A repository in a directory, with its keys in files."""

    def __init__(self, directory: Path) -> None:
        self.recovery = X25519PrivateKey.generate()
        self.directory = directory / "store"
        self.directory.mkdir()
        self.store = DirectoryObjectStore(self.directory)
        wraps = Wraps(self.store, KEY, self.recovery.public_key().public_bytes_raw())
        self.root = RepositoryV2(self.store, KEY, wraps=wraps)
        self.master_key = self.key_file(directory / "master.key", KEY)
        self.recovery_key = self.key_file(directory / "recovery.key", self.recovery.private_bytes_raw())

    @staticmethod
    def key_file(path: Path, key: bytes) -> Path:
        path.write_text(key.hex())
        path.chmod(0o600)
        return path

    def of(self, environment_id: UUID | None = None) -> EnvironmentRepository:
        return self.root.of(environment_id or uuid4())

    def run(self, *words: object, key: str = "master") -> Result:
        """A command on it."""
        key_file = self.master_key if key == "master" else self.recovery_key
        where = ("--directory", self.directory, f"--{key}-key", key_file)
        return runner.invoke(app, ["repository", *map(str, (*words, *where))])

    def all_bytes(self) -> dict[str, bytes]:
        return files_in(self.directory)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def documents(count: int = 3) -> dict[str, bytes]:
    return {place_of(uuid4()): os.urandom(1000 * (number + 1)) for number in range(count)}


def files_in(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.mark.parametrize("key", ["master", "recovery"])
async def test_a_backup_is_written_byte_for_byte_and_the_store_is_left_as_it_was(
    kept: Kept, tmp_path: Path, key: str
) -> None:
    put, dump = {**documents(), place_of(uuid4()): os.urandom(3_000_000)}, b"PGDMP" + os.urandom(100_000)
    whole = await store_backup(kept.of(), put, dump)
    before = kept.all_bytes()
    result = await asyncio.to_thread(kept.run, "export", whole.backup_id, "--to", tmp_path / "out", key=key)
    assert result.exit_code == Exit.OK, result.output
    assert files_in(tmp_path / "out" / "files") == put
    assert (tmp_path / "out" / "database.dump").read_bytes() == dump
    assert Manifest.model_validate_json((tmp_path / "out" / "manifest.json").read_bytes()) == whole
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["database.dump", "files", "manifest.json"]
    assert kept.all_bytes() == before


async def test_the_list_tells_every_backup_and_goes_on_behind_a_broken_manifest(kept: Kept) -> None:
    one, other = kept.of(), kept.of()
    first, second = await store_backup(one, documents()), await store_backup(other, documents())
    broken = await store_backup(other, {})
    await kept.store.put(other.manifest_key(broken.backup_id), b"NKSO\x02\x01 not any more")
    result = await asyncio.to_thread(kept.run, "list", "--json")
    assert result.exit_code == Exit.FAILED
    told = {UUID(each["backup_id"]): each for each in json.loads(result.stdout)}
    assert set(told) == {first.backup_id, second.backup_id, broken.backup_id}
    assert told[first.backup_id]["files_count"] == 3
    assert told[first.backup_id]["comment"] == first.backup.comment
    assert told[broken.backup_id]["problem"]


@pytest.mark.parametrize("there", ["out", "out.unfinished"])
async def test_nothing_is_written_over(kept: Kept, tmp_path: Path, there: str) -> None:
    whole = await store_backup(kept.of(), documents())
    (tmp_path / there).symlink_to(tmp_path / "nowhere")
    result = await asyncio.to_thread(kept.run, "export", whole.backup_id, "--to", tmp_path / "out")
    assert result.exit_code == Exit.REFUSED
    assert "is there already" in result.output
    assert not (tmp_path / "nowhere").exists()


HOSTILE = [
    "../" * 12 + str(uuid4()),
    "/" + "etc/" * 3 + str(uuid4()),
    "files/../../" + str(uuid4()),
    ".nightkeep/unfinished/" + str(uuid4()),
    "a/" * 40 + str(uuid4()),
    "aa/bb/no-document-but-something-that-is-long-enough",
    "aa/b\0b/" + str(uuid4()),
]


async def test_a_hostile_place_is_named_and_never_written(kept: Kept, tmp_path: Path) -> None:
    put = documents()
    whole = await store_backup(kept.of(), {**put, **dict.fromkeys(HOSTILE, b"escaped")})
    result = await asyncio.to_thread(kept.run, "export", whole.backup_id, "--to", tmp_path / "out")
    assert result.exit_code == Exit.FAILED
    assert files_in(tmp_path / "out" / "files") == put
    problems = (tmp_path / "out" / "problems.jsonl").read_text().splitlines()
    assert len(problems) == len(HOSTILE)
    assert b"escaped" not in files_in(tmp_path).values()


async def test_a_document_that_lies_where_another_ones_directory_must_be_is_named(kept: Kept, tmp_path: Path) -> None:
    upper, lower, other = str(uuid4()), str(uuid4()), place_of(uuid4())
    whole = await store_backup(kept.of(), {upper: b"one", f"{upper}/{lower}": b"two", other: b"three"})
    done = await asyncio.to_thread(kept.run, "export", whole.backup_id, "--to", tmp_path / "out")
    assert done.exit_code == Exit.FAILED, done.output
    [problem] = (tmp_path / "out" / "problems.jsonl").read_text().splitlines()
    assert upper in json.loads(problem)["what"]
    assert (tmp_path / "out" / "files" / other).read_bytes() == b"three"


async def test_what_is_damaged_is_named_and_the_rest_is_written(kept: Kept, tmp_path: Path) -> None:
    repository, put = kept.of(), documents()
    whole = await store_backup(repository, put, b"PGDMP" + os.urandom(50_000))
    lost = next(iter(put))
    [name] = (await repository.store_bytes(put[lost])).contents
    for rotten in (name, whole.database.contents[0]):
        await rot(kept.store, KEY, repository.environment_id, rotten)
    result = await asyncio.to_thread(kept.run, "export", whole.backup_id, "--to", tmp_path / "out")
    assert result.exit_code == Exit.FAILED
    assert files_in(tmp_path / "out" / "files") == {place: data for place, data in put.items() if place != lost}
    told = [json.loads(line) for line in (tmp_path / "out" / "problems.jsonl").read_text().splitlines()]
    assert any(lost in problem["what"] for problem in told)
    assert any(problem["what"] == "the database" for problem in told)
    assert (tmp_path / "out" / "database.dump.incomplete").exists()
    assert "2 could not be had back" in result.output


async def test_a_pack_that_tells_nothing_takes_no_other_with_it(kept: Kept, tmp_path: Path) -> None:
    repository, put = kept.of(), documents()
    await store_backup(repository, {place_of(uuid4()): os.urandom(5000)})
    whole = await store_backup(repository, put)
    packs = [info async for info in kept.store.list(pack_prefix(repository.environment_id))]
    for info in [info async for info in kept.store.list(index_prefix(repository.environment_id))]:
        await kept.store.delete(info.key)
    first = min(packs, key=lambda info: info.modified_at)
    await kept.store.put(first.key, (await kept.store.get(first.key))[:-1] + b"?")
    result = await asyncio.to_thread(kept.run, "export", whole.backup_id, "--to", tmp_path / "out", "--files-only")
    assert result.exit_code == Exit.OK, result.output
    assert files_in(tmp_path / "out" / "files") == put


async def test_another_key_opens_nothing_and_says_so(kept: Kept, tmp_path: Path) -> None:
    whole = await store_backup(kept.of(), documents())
    wrong = Kept.key_file(tmp_path / "wrong.key", os.urandom(32))
    for option in ("--master-key", "--recovery-key"):
        words = ["export", str(whole.backup_id), "--to", str(tmp_path / "out"), option, str(wrong)]
        where = ["--directory", str(kept.directory)]
        result = await asyncio.to_thread(runner.invoke, app, ["repository", *words, *where])
        assert result.exit_code == Exit.REFUSED, result.output
        assert not (tmp_path / "out").exists()


async def test_an_unknown_backup_is_not_found(kept: Kept, tmp_path: Path) -> None:
    await store_backup(kept.of(), documents())
    result = await asyncio.to_thread(kept.run, "export", uuid4(), "--to", tmp_path / "out")
    assert result.exit_code == Exit.NOT_FOUND


def test_without_a_place_or_a_key_it_says_what_to_give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTKEEP_DATA_DIR", str(tmp_path / "no-stack"))
    result = runner.invoke(app, ["repository", "list"])
    assert result.exit_code == Exit.REFUSED
    assert "--directory" in result.output
    result = runner.invoke(app, ["repository", "list", "--directory", str(tmp_path)])
    assert result.exit_code == Exit.REFUSED
    assert "--recovery-key" in result.output


async def test_a_sound_repository_is_checked_and_nothing_is_told(kept: Kept) -> None:
    await store_backup(kept.of(), documents())
    await store_backup(kept.of(), documents())
    result = await asyncio.to_thread(kept.run, "check", "--read-data", 100, "--json")
    assert result.exit_code == Exit.OK, result.output
    checked = json.loads(result.stdout)
    assert [(one["backups"], one["packs"], one["damage_count"]) for one in checked] == [(1, 1, 0)] * 2
    assert all(one["contents_read"] >= 5 for one in checked)


async def test_bit_rot_is_named_by_backup_document_and_table(kept: Kept) -> None:
    repository, put = kept.of(), documents()
    whole = await store_backup(repository, put, dump_of_two_contents())
    lost = next(iter(put))
    [name] = (await repository.store_bytes(put[lost])).contents
    for rotten in (name, whole.database.contents[1]):
        await rot(kept.store, KEY, repository.environment_id, rotten)
    assert (await asyncio.to_thread(kept.run, "check")).exit_code == Exit.OK, "sizes do not tell"
    result = await asyncio.to_thread(kept.run, "check", "--read-data", 100, "--seed", 7)
    assert result.exit_code == Exit.FAILED
    said = " ".join(result.output.split())  # whatever the width of the terminal
    assert f"backup {whole.backup_id}: document {lost}" in said
    assert f"database dump, bytes {CONTENT_BYTES} to" in said
    assert "public.orders, public.items" in said
    assert "seed 7" in said


async def test_a_damaged_index_and_a_damaged_wrap_are_named_with_what_to_do(kept: Kept) -> None:
    one, other = kept.of(), kept.of()
    for repository in (one, other):
        await store_backup(repository, documents())
    [index] = [info.key async for info in kept.store.list(index_prefix(one.environment_id))]
    wrap = f"{key_prefix(other.environment_id)}0"
    for key in (index, wrap):
        await kept.store.put(key, (await kept.store.get(key))[:-9])
    result = await asyncio.to_thread(kept.run, "check")
    assert result.exit_code == Exit.FAILED
    said = "".join(result.output.split())  # whatever the width of the terminal
    assert f"theindex{index}:" in said
    assert "removethisobject" in said
    assert f"thewrappedkey{wrap}:" in said
    assert "putacopyofitback" in said


async def test_seeds_that_are_a_part_apart_read_every_pack_in_turn(kept: Kept) -> None:
    repository = kept.of()
    for _ in range(8):
        await store_backup(repository, documents())
    reports = [await repository.check(read_percent=25, seed=seed) for seed in (3, 28, 53, 78)]
    assert (
        sum(report.contents_read for report in reports)
        == (await repository.check(read_percent=100, seed=0)).contents_read
    )


async def test_a_backup_that_completes_during_a_check_is_no_damage(kept: Kept) -> None:
    repository = kept.of()
    await store_backup(repository, documents())
    other = kept.of(repository.environment_id)

    async def moved(_bytes_read: int) -> None:
        await store_backup(other, documents())

    assert (await repository.check(read_percent=100, seed=0, moved=moved)).damage_count == 0


async def test_a_check_of_an_environment_without_backups_makes_no_key(kept: Kept) -> None:
    assert (await kept.of().check(read_percent=100, seed=0)).packs == 0
    assert kept.all_bytes() == {}


async def test_space_tells_what_is_shared_and_what_nobody_needs(kept: Kept) -> None:
    repository = kept.of()
    shared, own = {place_of(uuid4()): os.urandom(50_000)}, {place_of(uuid4()): os.urandom(10_000)}
    for others in ({}, own):
        await store_backup(repository, {**shared, **others})
    gone = await store_backup(repository, {place_of(uuid4()): os.urandom(30_000)})
    await repository.erase_manifest(tombstone(gone.backup_id, repository.environment_id, Burial.DELETED))
    [space] = json.loads((await asyncio.to_thread(kept.run, "space", "--json")).stdout)
    assert space["backups"] == 2
    assert space["logical_bytes"] == 2 * (50_000 + len(b"PGDMP")) + 10_000
    assert 50_000 < space["shared_bytes"] < 51_000
    assert 30_000 < space["reclaimable_bytes"] < 31_000
    assert 90_000 < space["stored_bytes"] < 93_000


async def test_what_two_lists_have_in_common_is_shared_though_it_is_read_once(kept: Kept) -> None:
    repository, put = kept.of(), documents(1)
    for _ in range(2):
        await store_backup(repository, put)
    assert (await repository.space()).shared_bytes > 1000
