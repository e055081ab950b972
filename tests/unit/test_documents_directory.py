"""Documents in a directory: what every place must do, and what only file systems can do to us."""

# ruff: noqa: ASYNC240 -- a test looks at its own few files
import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from contracts.values import DirectoryFiles, Severity
from services.platform.connectors.files import (
    NOT_WRITABLE,
    DocumentConflictError,
    DocumentSpaceError,
    DocumentsRefusedError,
    DocumentStore,
    DocumentsUnreachableError,
    DocumentVanishedError,
    HostilePlaceError,
    Listed,
    Part,
    Stray,
    threads,
)
from services.platform.connectors.files.opening import open_documents
from services.platform.process.secrets import SecretDirectory
from tests.suites.document_store import DocumentStoreBehaviour, Put, content, listing, new_place, pieces, tree
from tests.support.eventually import eventually
from tests.support.limits import files_of_at_most

NOBODY = 65534
WELL_UNDER_WAY = 3
"""Megabytes of a document that is written in pieces: the first of them are in its file by then."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "documents"
    root.mkdir(mode=0o750)
    return root


@pytest.fixture(params=["few documents", "very many"])
async def store(
    root: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[DocumentStore]:
    if request.param == "very many":
        monkeypatch.setattr(threads, "FEW", 0)
    async with open_documents(DirectoryFiles(path=str(root)), SecretDirectory(root)) as store:
        yield store


@pytest.fixture
def put(root: Path) -> Put:
    async def write(place: str, data: bytes) -> None:
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    return write


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root may do everything; tests of rights run as nobody, if they run as root."""
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if was_root:
            os.seteuid(0)


class TestDirectoryDocuments(DocumentStoreBehaviour):
    pass


async def test_a_link_is_a_stray_whatever_it_leads_to(store: DocumentStore, put: Put, root: Path) -> None:
    place, outside = new_place(), root.parent / "outside"
    outside.mkdir()
    (outside / str(uuid4())).write_bytes(b"secret")
    await put(place, b"x")
    links: dict[str, str | Path] = {
        "directory": outside,
        "dangling": "nowhere",
        "loop": root,
        str(uuid4()): root / place,
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
    entries = await listing(store)
    assert {e.place for e in entries if isinstance(e, Stray)} == set(links)
    assert {e.reason for e in entries if isinstance(e, Stray)} == {"a symlink, never followed"}
    assert [e.place for e in entries if isinstance(e, Listed)] == [place]


async def test_no_link_inside_the_tree_leads_a_write_or_a_read_outside(store: DocumentStore, root: Path) -> None:
    outside, name, area = root.parent / "outside", str(uuid4()), uuid4()
    outside.mkdir()
    (outside / name).write_bytes(b"secret")
    (root / "aa").symlink_to(outside)
    with pytest.raises(HostilePlaceError, match="symlink"):
        await store.add(f"aa/{uuid4()}", pieces(b"x"))
    with pytest.raises(HostilePlaceError):
        await content(store, f"aa/{name}")
    with pytest.raises(HostilePlaceError):
        await store.move_out(area, Part.ASIDE, f"aa/{name}")
    await store.stage(area, f"aa/{name}", pieces(b"x"))
    with pytest.raises(HostilePlaceError):
        await store.move_in(area, Part.STAGED, f"aa/{name}")
    assert [path.name for path in outside.iterdir()] == [name]


async def test_a_link_in_a_documents_place_is_refused_and_never_read(store: DocumentStore, root: Path) -> None:
    place, target = str(uuid4()), root.parent / "target"
    target.write_bytes(b"secret")
    (root / place).symlink_to(target)
    with pytest.raises(HostilePlaceError):
        await store.add(place, pieces(b"x"))
    with pytest.raises(DocumentVanishedError):
        await content(store, place)
    assert not await store.move_out(uuid4(), Part.ASIDE, place)
    assert target.read_bytes() == b"secret"


async def test_our_own_directory_replaced_by_a_link_is_refused(store: DocumentStore, root: Path) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (root / ".nightkeep").symlink_to(outside)
    with pytest.raises(HostilePlaceError):
        await store.add(new_place(), pieces(b"x"))
    assert list(outside.iterdir()) == []


async def test_a_file_or_directory_in_the_way_is_named(store: DocumentStore, put: Put, root: Path) -> None:
    await put("aa", b"a file")
    with pytest.raises(DocumentConflictError, match="aa"):
        await store.add(f"aa/{uuid4()}", pieces(b"x"))
    directory = str(uuid4())
    (root / directory).mkdir()
    with pytest.raises(DocumentConflictError, match=directory):
        await store.add(directory, pieces(b"x"))


async def test_pipes_and_undecodable_names_are_strays(store: DocumentStore, root: Path) -> None:
    pipe = str(uuid4())
    os.mkfifo(root / pipe)
    os.mkdir(os.fsencode(root) + b"/b\xff")  # noqa: PTH102 -- a Path cannot have such a name
    Path(os.fsdecode(os.fsencode(root) + b"/b\xff/" + str(uuid4()).encode())).write_bytes(b"x")
    strays = {entry.place: entry.reason for entry in await listing(store) if isinstance(entry, Stray)}
    assert strays == {
        pipe: "neither a file nor a directory",
        "b\\xff": "its name is not UTF-8",
    }
    with pytest.raises(DocumentVanishedError):
        await content(store, pipe)


async def test_a_tree_without_a_bottom_is_not_followed_for_ever(store: DocumentStore, root: Path) -> None:
    (root / "/".join(["deep"] * 40)).mkdir(parents=True)
    [stray] = await listing(store)
    assert isinstance(stray, Stray)
    assert stray.reason == "below too many directories"


async def test_what_is_restored_belongs_to_whom_the_root_belongs(store: DocumentStore, root: Path) -> None:
    if os.geteuid() == 0:
        os.chown(root, NOBODY, NOBODY)
    area, place, staged = uuid4(), new_place(), new_place()
    old_mask = os.umask(0o077)
    try:
        await store.add(place, pieces(b"x"))
        await store.stage(area, staged, pieces(b"x"))
        await store.move_in(area, Part.STAGED, staged)
    finally:
        os.umask(old_mask)
    owner = (root.stat().st_uid, root.stat().st_gid)
    for path in (root / place, root / staged):
        assert (path.stat().st_mode & 0o7777, path.parent.stat().st_mode & 0o7777) == (0o640, 0o750)
        for made in (path, path.parent, path.parent.parent):
            assert (made.stat().st_uid, made.stat().st_gid) == owner
    assert (root / ".nightkeep").stat().st_mode & 0o7777 == 0o700


async def test_a_missing_root_is_told_and_never_made(store: DocumentStore, root: Path) -> None:
    root.rmdir()
    with pytest.raises(DocumentsUnreachableError, match="Mount it"):
        await listing(store)
    with pytest.raises(DocumentsUnreachableError):
        await store.add(new_place(), pieces(b"x"))
    [finding] = await store.check()
    assert (finding.code, finding.severity) == ("DOCUMENTS_UNREACHABLE", Severity.ERROR)
    assert not await store.probe()
    assert not root.exists()


async def test_a_root_that_is_a_file_is_told(store: DocumentStore, root: Path) -> None:
    root.rmdir()
    root.write_bytes(b"x")
    [finding] = await store.check()
    assert (finding.code, finding.severity) == ("DOCUMENTS_UNREACHABLE", Severity.ERROR)


async def test_a_directory_that_may_only_be_read_can_be_backed_up_and_says_so(
    store: DocumentStore, put: Put, root: Path
) -> None:
    await put(new_place(), b"x")
    _open_the_way_to(root)
    root.chmod(0o555)
    with unprivileged():
        findings = {finding.code: finding.severity for finding in await store.check()}
        assert not await store.probe()
        with pytest.raises(DocumentsRefusedError, match="Give the user"):
            await store.add(new_place(), pieces(b"x"))
    assert findings[NOT_WRITABLE] == Severity.WARNING


async def test_a_directory_below_that_may_not_be_read_is_an_error_and_not_left_out(
    store: DocumentStore, put: Put, root: Path
) -> None:
    await put(f"closed/{uuid4()}", b"x")
    _open_the_way_to(root)
    (root / "closed").chmod(0o700 if os.geteuid() == 0 else 0)
    with unprivileged():
        with pytest.raises(DocumentsRefusedError):
            await listing(store)
        [finding, *_] = await store.check()
    (root / "closed").chmod(0o700)
    assert (finding.code, finding.severity) == ("MISSING_RIGHTS", Severity.ERROR)


def _open_the_way_to(root: Path) -> None:
    """Let nobody in: pytest's own directories are closed to others."""
    root.chmod(0o755)
    for above in root.parents:
        if not above.stat().st_mode & 0o001:
            above.chmod(above.stat().st_mode | 0o011)


async def test_a_document_counts_as_settled_two_seconds_after_its_last_change(
    store: DocumentStore, put: Put, root: Path
) -> None:
    place = new_place()
    await put(place, b"x")
    changed_at = (root / place).stat().st_ctime
    assert await store.probe()
    [first] = await listing(store)
    assert isinstance(first, Listed)
    assert not first.settled
    await eventually(lambda: _settled(store))
    assert (await _clock_of(root)) - changed_at >= 2
    os.utime(root / place, (0, 0))
    [after] = await listing(store)
    assert isinstance(after, Listed)
    assert not after.settled


async def _settled(store: DocumentStore) -> bool:
    [entry] = await listing(store)
    return isinstance(entry, Listed) and entry.settled


async def _clock_of(root: Path) -> float:
    probe = root.parent / "clock"
    probe.write_bytes(b"x")
    return probe.stat().st_ctime


async def test_a_document_removed_while_it_is_read_has_vanished(store: DocumentStore, put: Put, root: Path) -> None:
    place = new_place()
    await put(place, b"a" * 5_000_000)
    reading = aiter(store.read(place).pieces())
    await anext(reading)
    (root / place).unlink()
    with pytest.raises(DocumentVanishedError):
        [piece async for piece in reading]


async def test_after_an_area_is_removed_nothing_of_ours_is_left(store: DocumentStore, root: Path) -> None:
    area = uuid4()
    await store.stage(area, new_place(), pieces(b"x"))
    await store.write_list(area, pieces(b"x"))
    await store.remove_area(area)
    assert list(root.iterdir()) == []


async def test_what_a_killed_process_left_unfinished_goes_when_it_is_old(store: DocumentStore, root: Path) -> None:
    await store.stage(uuid4(), new_place(), pieces(b"x"))
    left = root / ".nightkeep" / "unfinished" / uuid4().hex
    left.write_bytes(b"half")
    await store.remove_area(uuid4())
    assert left.exists()
    assert await tree(store) == {}


async def test_an_add_that_is_cancelled_leaves_nothing_half(store: DocumentStore, root: Path) -> None:
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        for number in count():
            yield b"x" * 1_000_000
            if number == WELL_UNDER_WAY:
                begun.set()

    place = new_place()
    adding = asyncio.create_task(store.add(place, endless()))
    await begun.wait()
    adding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await adding
    assert await store.look(place) is None
    assert list((root / ".nightkeep" / "unfinished").iterdir()) == []


async def test_small_documents_that_find_no_room_are_refused_as_a_large_one_is(store: DocumentStore) -> None:
    few, area = {new_place(): b"x" * 2000}, uuid4()
    with files_of_at_most(1000):
        with pytest.raises(DocumentSpaceError, match="make room"):
            await store.add_small(few)
        with pytest.raises(DocumentSpaceError, match="make room"):
            await store.stage_small(area, few)
    assert await tree(store) == {}


async def test_a_root_that_went_away_is_named_by_small_documents_too(store: DocumentStore, root: Path) -> None:
    root.rename(root.with_name("elsewhere"))
    with pytest.raises(DocumentsUnreachableError, match="documents"):
        await store.add_small({new_place(): b"x"})
    assert await store.read_small([new_place()], bytes) == [None]


async def test_an_add_of_small_ones_that_is_cancelled_leaves_nothing_half(store: DocumentStore, root: Path) -> None:
    documents = {new_place(): os.urandom(20_000) for _ in range(30)}
    await store.read_small([new_place()], bytes)
    adding = asyncio.create_task(store.add_small(documents))
    for _ in range(3):
        await asyncio.sleep(0)  # it has begun, and with thirty it has not ended: no clock says how long it takes
    adding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await adding
    assert [path for path in (root / ".nightkeep").rglob("*") if path.is_file()] == []


async def test_small_documents_that_have_grown_are_left_out_where_they_are_too_many_bytes(
    store: DocumentStore, put: Put
) -> None:
    grown = [new_place() for _ in range(5)]
    for place in grown:
        await put(place, b"x" * 900_000)
    found = await store.read_small(grown, bytes)
    assert sum(len(one.made) for one in found if one) == 2 * 900_000


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


async def test_what_a_helper_process_was_doing_when_it_died_is_done_all_the_same(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "FEW", 0)
    others, documents = _children(), {new_place(): b"%d" % n for n in range(200)}
    async with open_documents(DirectoryFiles(path=str(root)), SecretDirectory(root)) as store:
        assert await store.read_small([new_place()], bytes) == [None]
        [helper] = _children() - others
        os.kill(helper, signal.SIGSTOP)
        adding = asyncio.create_task(store.add_small(documents))
        await asyncio.sleep(0.05)
        os.kill(helper, signal.SIGKILL)
        await adding
        assert await tree(store) == documents
        read = await store.read_small(list(documents), bytes)
        assert [whole and whole.made for whole in read] == [*documents.values()]
    assert _children() == others


async def test_a_fence_before_a_root_that_is_gone_says_what_to_do(store: DocumentStore, root: Path) -> None:
    root.rmdir()
    with pytest.raises(DocumentsUnreachableError, match="Mount it"):
        await store.fence()
