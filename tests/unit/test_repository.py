"""The repository on a directory, its keys, and its hashes."""

import hashlib
import hmac
from pathlib import Path
from uuid import UUID

import pytest

from services.platform.objectstore import DirectoryObjectStore, ObjectStore
from services.platform.repository.errors import RepositoryKeyError
from services.platform.repository.keys import environment_keys, expand, read_key_file
from tests.suites.dumps import DumpRules
from tests.suites.erasing import ErasureRules
from tests.suites.reclaim import ReclaimBehaviour
from tests.suites.repository import RepositoryBehaviour
from tests.suites.shredding import ShreddingBehaviour
from tests.suites.verify import VerifyBehaviour
from tests.support.memory_store import MemoryObjectStore

ENVIRONMENT_ID = UUID("5c0f2a44-7f0e-4a53-9d53-3b1d5b1f9e21")


class TestRepositoryInADirectory(
    RepositoryBehaviour, ReclaimBehaviour, DumpRules, ErasureRules, VerifyBehaviour, ShreddingBehaviour
):
    @pytest.fixture
    def store(self, tmp_path: Path) -> ObjectStore:
        return DirectoryObjectStore(tmp_path)


class TestErasureUponAMovedClock(ErasureRules):
    """What a backup under way has stored is told from what was there before by the store's clock."""

    @pytest.fixture
    def store(self) -> ObjectStore:
        return MemoryObjectStore()


def key_file(directory: Path, text: str, mode: int = 0o600) -> Path:
    path = directory / "repository.key"
    path.write_text(text)
    path.chmod(mode)
    return path


def test_a_key_file_holds_32_bytes_in_hexadecimal(tmp_path: Path) -> None:
    assert read_key_file(key_file(tmp_path, "ab" * 32 + "\n")) == b"\xab" * 32


@pytest.mark.parametrize("text", ["", "ab" * 31, "ab" * 33, "zz" * 32, "ü" * 64])
def test_a_malformed_key_file_is_refused_without_repeating_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(RepositoryKeyError, match="must hold 32 bytes in hexadecimal") as refused:
        read_key_file(key_file(tmp_path, text))
    assert not text or text not in refused.value.reason


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RepositoryKeyError, match="mode 0640: make it 0600"):
        read_key_file(key_file(tmp_path, "ab" * 32, 0o640))


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RepositoryKeyError, match=r"absent\.key cannot be read"):
        read_key_file(tmp_path / "absent.key")


def test_keys_are_derived_as_the_standard_says() -> None:
    """RFC 5869, test case 1, cut to one block."""
    secret = hmac.digest(bytes(range(13)), b"\x0b" * 22, "sha256")
    info = bytes(range(0xF0, 0xFA))
    assert expand(secret, info, 32).hex() == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"


def test_keys_never_change() -> None:
    """What was stored under them must stay readable: a change here is a new format."""
    keys = environment_keys(bytes(range(32)), ENVIRONMENT_ID)
    told = hashlib.sha256(keys.content + keys.manifest + keys.key_id.encode()).hexdigest()
    assert told == "0716ba1b2f845c2f1b80e15782fa50177ab50259a0760d15dd95118717ea7498"
    assert "content" not in repr(keys)
