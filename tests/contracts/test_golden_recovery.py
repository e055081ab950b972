"""A repository under two data keys that was written once is read by the master key, and by the recovery key alone.

`golden/repository/v2-recovery.json` has every object of two nights in hexadecimal. The first lies under the data key 0.
The second lies under 1: its dump is a delta of the first one's, and it shares a document with it.
"""

import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from services.platform.objectstore import DirectoryObjectStore, ObjectStore
from services.platform.repository import EnvironmentRepository, RepositoryV2, read_documents
from services.platform.repository.errors import RepositoryKeyError
from services.platform.repository.recovering import by_master_key, by_recovery_key
from services.platform.repository.wrapping import Wrap
from tests.history.stored import BrokenError, RecoveredEnvironment, StoredEnvironment
from tests.suites.repository import KEY, read
from tests.support.manifests import BACKUP_ID, ENVIRONMENT_ID

Open = Callable[[ObjectStore], RepositoryV2]
GOLDEN = json.loads((Path(__file__).parent / "golden" / "repository" / "v2-recovery.json").read_text())
OBJECTS = {key: bytes.fromhex(told) for key, told in GOLDEN.items()}
WITHOUT_INDEX = {key: stored for key, stored in OBJECTS.items() if "/index/" not in key}
PRIVATE = bytes(range(32, 64))
"""Of the recovery key whose public half wrapped them."""
SECOND_ID = UUID(int=BACKUP_ID.int + 1)
SHARED = b"a document that both nights have"
NIGHTS = {
    BACKUP_ID: (
        "b3:e4a305d2de716f492ae80f9d1d18b61c3e550cfafdba6477fcb1d8c0800db375",
        "b3:63f034795a7b7e32ee05e700ee2e121f2700025e58b7c04ea9919f7862be2011",
        [SHARED, b"a document of the first night"],
    ),
    SECOND_ID: (
        "b3:83b253cc2259eba11a6cf68251f0755273709172b92cb2eadc81c30771f6d20c",
        "b3:2a36acb001330c707476d384c27d2fbadc599f7f853aa989f518647619aaeded",
        [SHARED, b"a document of the second night"],
    ),
}
"""The hash of each manifest, that of its dump, and its documents."""


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return DirectoryObjectStore(tmp_path)


def by_master(store: ObjectStore) -> RepositoryV2:
    return by_master_key(store, store, KEY)


def by_recovery(store: ObjectStore) -> RepositoryV2:
    return by_recovery_key(store, store, PRIVATE)


async def look(repository: EnvironmentRepository) -> None:
    """Everything that a restore reads."""
    for backup_id, (manifest_hash, dump_hash, documents) in NIGHTS.items():
        whole = await repository.read_manifest(backup_id, expected_hash=manifest_hash)
        hasher = await repository.hasher(like=dump_hash)
        hasher.update(await read(repository, whole.database.contents))
        assert hasher.hexdigest() == whole.database.hash == dump_hash
        [lines] = [lines async for lines in read_documents(repository, whole.files.listing)]
        assert [await read(repository, line.contents) for line in lines] == documents


@pytest.mark.parametrize("objects", [OBJECTS, WITHOUT_INDEX], ids=["whole", "without indexes"])
@pytest.mark.parametrize("opened", [by_master, by_recovery])
async def test_it_is_read_by_either_key(store: ObjectStore, opened: Open, objects: dict[str, bytes]) -> None:
    for key, stored in objects.items():
        await store.put(key, stored)
    repository = opened(store).of(ENVIRONMENT_ID)
    await look(repository)
    assert (await repository.check(read_percent=100, seed=1)).damage_count == 0


@pytest.mark.parametrize(
    "environment",
    [
        StoredEnvironment(OBJECTS, KEY, str(ENVIRONMENT_ID)),
        RecoveredEnvironment(OBJECTS, PRIVATE, str(ENVIRONMENT_ID)),
    ],
)
def test_it_is_read_by_the_published_format_alone(environment: StoredEnvironment) -> None:
    for backup_id, (manifest_hash, dump_hash, documents) in NIGHTS.items():
        whole = environment.decision(str(backup_id))
        assert environment.hash_of(str(backup_id)) == manifest_hash
        assert whole["database"]["hash"] == dump_hash
        assert environment.sequence(whole["database"])
        lines = map(json.loads, environment.sequence(whole["files"]["listing"]).splitlines())
        assert [environment.sequence(line) for line in lines] == documents
    assert set().union(*environment.indexed().values()) == set().union(*environment.packs().values())


def test_what_it_holds_is_what_it_is_there_for() -> None:
    wraps = [Wrap.model_validate_json(stored) for key, stored in OBJECTS.items() if key.startswith("keys/")]
    assert [(wrap.number, bool(wrap.by_recovery)) for wrap in wraps] == [(0, True), (1, True)]
    sealed = {key: int.from_bytes(stored[6:8]) for key, stored in OBJECTS.items() if stored[:2] == b"NK"}
    for kind in ("packs", "index", "manifests"):
        assert sorted(number for key, number in sealed.items() if f"/{kind}/" in key) == [0, 1]
    environment = StoredEnvironment(OBJECTS, KEY, str(ENVIRONMENT_ID))
    under = {sealed[key]: names for key, names in environment.packs().items()}
    second = environment.decision(str(SECOND_ID))["database"]
    assert set(second["contents"]) <= under[1] - under[0]
    assert set(second["chain"]["full"]["contents"]) <= under[0] - under[1]


async def test_another_recovery_key_opens_nothing(store: ObjectStore) -> None:
    for key, stored in OBJECTS.items():
        await store.put(key, stored)
    another = X25519PrivateKey.generate().private_bytes_raw()
    with pytest.raises(RepositoryKeyError):
        await look(by_recovery_key(store, store, another).of(ENVIRONMENT_ID))
    with pytest.raises(BrokenError):
        RecoveredEnvironment(OBJECTS, another, str(ENVIRONMENT_ID)).decision(str(BACKUP_ID))
