"""Documents and directories that a restore writes are finished when the app can see them, whenever it was killed."""

# ruff: noqa: ASYNC240 -- a test looks at its own few files
import errno
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from contracts.values import DirectoryFiles
from services.platform.connectors.files import DocumentStore, DocumentsUnavailableError, linux, tree, unfinished
from services.platform.connectors.files.opening import open_documents
from services.platform.connectors.files.places import OWN
from services.platform.process.secrets import SecretDirectory
from tests.suites.document_store import content, new_place, pieces


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "documents"
    root.mkdir(mode=0o750)
    return root


@pytest.fixture
async def store(root: Path) -> AsyncIterator[DocumentStore]:
    async with open_documents(DirectoryFiles(path=str(root)), SecretDirectory(root)) as store:
        yield store


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.mark.parametrize("many", [3, 100])
async def test_small_documents_have_no_names_before_the_disk_has_them(
    store: DocumentStore, root: Path, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    def broken(_fd: int) -> None:
        assert all(path.is_relative_to(root / OWN) for path in files(root))
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", broken)
    monkeypatch.setattr(unfinished, "sync_file_system", broken)
    with pytest.raises(DocumentsUnavailableError):
        await store.add_small({new_place(): b"small" for _ in range(many)})
    assert files(root) == []


async def test_a_file_that_a_sync_of_all_did_not_get_to_the_disk_gets_no_name(
    store: DocumentStore, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []

    def lost(_fd: int) -> None:
        assert synced
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(unfinished, "syncs_at_once", lambda _fd: True)  # wherever tests have their files
    monkeypatch.setattr(unfinished, "sync_file_system", synced.append)
    monkeypatch.setattr(unfinished, "confirm_written", lost)
    with pytest.raises(DocumentsUnavailableError):
        await store.add_small({new_place(): b"small" for _ in range(100)})
    assert files(root) == []


async def test_where_a_program_serves_the_file_system_each_file_is_synced_by_itself(
    store: DocumentStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(linux, "_SYNCED_AT_ONCE", set())
    monkeypatch.setattr(os, "fsync", synced.append)
    await store.add_small({new_place(): b"small" for _ in range(100)})
    assert len(set(synced)) == 100


def test_a_file_system_that_is_known_is_told_from_others() -> None:
    answers = []
    for directory in ("/dev/shm", "/proc"):  # noqa: S108 -- a tmpfs on every Linux; nothing is written there
        fd = os.open(directory, os.O_RDONLY)
        answers.append(linux.syncs_at_once(fd))
        os.close(fd)
    assert answers == [True, False]


def test_what_is_not_confirmed_is_an_error(tmp_path: Path) -> None:
    fd = os.open(tmp_path / "file", os.O_CREAT | os.O_WRONLY)
    linux.confirm_written(fd)
    os.close(fd)
    with pytest.raises(OSError, match="Bad file descriptor"):
        linux.confirm_written(fd)


@pytest.mark.parametrize("mode", [0o750, 0o2770])
async def test_a_directory_that_a_killed_attempt_began_gets_its_rights(
    store: DocumentStore, root: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise InterruptedError

    root.chmod(mode)
    place = new_place()
    with monkeypatch.context() as patched:
        patched.setattr(tree, "become_like", killed)
        with pytest.raises(InterruptedError), tree.Tree(root).directory(Path(place).parts[:-1], make=True):
            pass
    await store.add(place, pieces(b"document"))
    assert await content(store, place) == b"document"
    modes = {stat.S_IMODE((root / directory).stat().st_mode) for directory in Path(place).parents}
    assert modes == {mode}


async def test_a_directory_of_the_app_keeps_its_rights(store: DocumentStore, root: Path) -> None:
    place = new_place()
    (root / place).parent.mkdir(parents=True)
    (root / place).parent.chmod(0o700)
    await store.add(place, pieces(b"document"))
    assert stat.S_IMODE((root / place).parent.stat().st_mode) == 0o700
