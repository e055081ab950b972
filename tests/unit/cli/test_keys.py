"""`nightkeep repository keys`: another master key, another data key, and nothing stored is written anew."""

import asyncio
import json
import os
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from typer.testing import CliRunner, Result

from services.cli.__main__ import app
from services.cli.exits import Exit
from services.platform.objectstore import DirectoryObjectStore
from services.platform.repository import RepositoryV2
from services.platform.repository.layout import KEYS, key_prefix
from tests.suites.repository import KEY
from tests.support.first_backups import FirstBackups
from tests.support.manifests import ENVIRONMENT_ID
from tests.support.stored_backups import place_of, store_backup

OTHER = bytes(reversed(KEY))
FIRST_KEY = ("keys", "rotate", "--environment", UUID(int=1))
"""Of an environment that has none: nothing of its own tells a wrong master key."""


class Kept:
    """A repository in a directory with one backup, and two key files."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / "store"
        self.root.mkdir()
        self.store = DirectoryObjectStore(self.root)
        self.present = self._key_file(directory / "present.key", KEY)
        self.other = self._key_file(directory / "other.key", OTHER)

    @staticmethod
    def _key_file(path: Path, key: bytes) -> Path:
        path.write_text(key.hex())
        path.chmod(0o600)
        return path

    async def run(self, *words: object) -> Result:
        """A command on it."""
        command = ["repository", *map(str, words), "--directory", str(self.root)]
        return await asyncio.to_thread(CliRunner().invoke, app, command)

    def objects(self) -> dict[str, bytes]:
        """All but the wraps, and the lock that the directory has of its own."""
        found = {str(path.relative_to(self.root)): path.read_bytes() for path in self.root.rglob("*") if path.is_file()}
        return {key: data for key, data in found.items() if not key.startswith((KEYS, ".unfinished"))}


@pytest.fixture
async def kept(tmp_path: Path) -> Kept:
    kept = Kept(tmp_path)
    repository = RepositoryV2(kept.store, KEY).of(ENVIRONMENT_ID)
    await store_backup(repository, {place_of(ENVIRONMENT_ID): b"a document"})
    return kept


async def test_another_master_key_opens_all_that_is_there_and_the_old_one_nothing(kept: Kept) -> None:
    before = kept.objects()
    words = ("keys", "rewrap", "--old-master-key", kept.present, "--master-key", kept.other)
    for _ in range(2):  # again is harmless
        assert (await kept.run(*words)).exit_code == Exit.OK
    assert kept.objects() == before
    assert (await kept.run("check", "--read-data", 100, "--master-key", kept.other)).exit_code == Exit.OK
    assert (await kept.run("check", "--master-key", kept.present)).exit_code == Exit.FAILED


async def test_keys_of_a_third_master_key_are_refused(kept: Kept, tmp_path: Path) -> None:
    third = tmp_path / "third.key"
    third.write_text(os.urandom(32).hex())
    third.chmod(0o600)
    for words in (("keys", "rewrap", "--old-master-key", third), ("keys", "rotate"), FIRST_KEY):
        assert (await kept.run(*words, "--master-key", kept.other)).exit_code == Exit.REFUSED


async def test_a_key_is_not_replaced_while_only_the_old_one_opens_some_backups(kept: Kept) -> None:
    environment_id = UUID(int=7)
    await FirstBackups(kept.store, KEY, environment_id).take(b"PGDMP", {place_of(environment_id): b"a document"})
    words = ("keys", "rewrap", "--old-master-key", kept.present)
    refused = await kept.run(*words, "--master-key", kept.other)
    assert refused.exit_code == Exit.REFUSED
    assert str(environment_id) in refused.output
    assert (await kept.run("check", "--read-data", 100, "--master-key", kept.present)).exit_code == Exit.OK
    assert (await kept.run(*words, "--master-key", kept.present)).exit_code == Exit.OK  # the same one strands nobody
    assert (await kept.run(*words, "--master-key", kept.other, "--despite-first-format")).exit_code == Exit.OK


async def test_a_new_key_does_not_take_the_number_of_one_that_is_gone(kept: Kept) -> None:
    rotated = await kept.run("keys", "rotate", "--environment", ENVIRONMENT_ID, "--master-key", kept.present)
    assert rotated.exit_code == Exit.OK
    repository = RepositoryV2(kept.store, KEY).of(ENVIRONMENT_ID)
    await store_backup(repository, {place_of(UUID(int=8)): b"another document"})
    await kept.store.delete(f"{key_prefix(ENVIRONMENT_ID)}1")
    refused = await kept.run("keys", "rotate", "--environment", ENVIRONMENT_ID, "--master-key", kept.present)
    assert refused.exit_code == Exit.REFUSED
    assert "put a copy of it back" in refused.output


async def test_a_recovery_key_that_came_later_opens_everything_and_outlives_a_new_master_key(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private, public = tmp_path / "private.key", tmp_path / "public.key"
    pair = X25519PrivateKey.generate()
    private.write_text(pair.private_bytes_raw().hex())
    private.chmod(0o600)
    public.write_text(pair.public_key().public_bytes_raw().hex())
    with monkeypatch.context() as settings:
        settings.setenv("NIGHTKEEP_REPOSITORY__KEY_FILE", str(kept.present))
        settings.setenv("NIGHTKEEP_REPOSITORY__RECOVERY_KEY_FILE", str(public))
        [told] = json.loads((await kept.run("keys", "rewrap", "--old-master-key", kept.present, "--json")).stdout)
        assert told["recoverable"]
    words = ("keys", "rewrap", "--old-master-key", kept.present, "--master-key", kept.other, "--json")
    assert json.loads((await kept.run(*words)).stdout)[0]["recoverable"]
    assert (await kept.run("check", "--read-data", 100, "--recovery-key", private)).exit_code == Exit.OK


async def test_a_recovery_key_alone_in_the_settings_is_added_where_the_master_key_is_an_option(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = tmp_path / "public.key"
    public.write_text(X25519PrivateKey.generate().public_key().public_bytes_raw().hex())
    monkeypatch.setenv("NIGHTKEEP_REPOSITORY__RECOVERY_KEY_FILE", str(public))
    words = ("keys", "rewrap", "--old-master-key", kept.present, "--master-key", kept.present, "--json")
    done = await kept.run(*words)
    assert done.exit_code == Exit.OK, done.output
    assert json.loads(done.stdout)[0]["recoverable"]
    without = await kept.run("keys", "rewrap", "--old-master-key", kept.present)
    assert without.exit_code == Exit.REFUSED
    assert "key_command" in without.output


async def test_what_is_stored_after_a_rotation_lies_under_the_new_key_and_shares_with_what_was(kept: Kept) -> None:
    assert (await kept.run("keys", "rotate", "--master-key", kept.present)).exit_code == Exit.OK
    [told] = json.loads((await kept.run("keys", "list", "--master-key", kept.present, "--json")).stdout)
    assert told["count"] == 2
    before = kept.objects()
    repository = RepositoryV2(kept.store, KEY).of(ENVIRONMENT_ID)
    assert (await repository.store_bytes(b"a document")).stored_bytes == 0
    await store_backup(repository, {place_of(ENVIRONMENT_ID): b"another document"})
    new = [data for key, data in kept.objects().items() if "/packs/" in key and key not in before]
    assert [int.from_bytes(pack[6:8], "big") for pack in new] == [1]
    assert (await kept.run("check", "--read-data", 100, "--master-key", kept.present)).exit_code == Exit.OK
