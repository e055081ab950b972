"""A directory that gained and lost nothing is not listed again, and nothing is missed (spec: environments)."""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.manifest import DocumentLine
from services.platform.connectors.database import Reference
from services.platform.connectors.files import apart, joined, probing
from services.platform.connectors.files import directory as connector
from services.snapshot.domain.directories import Directories
from services.snapshot.scratch import Numbers
from tests.support.listed_nights import Night, name_of, night

SETTLED_NS = 20 * 10**6
"""In place of two seconds: more than any clock of a Linux file system is behind."""
DIRECTORIES = ("aa/bb", "aa/cc", "dd", "dd/ee", ".")
DOCUMENTS = [str(UUID(int=number)) for number in range(1, 5)]


@pytest.fixture(scope="module", autouse=True)
def _soon_settled() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connector, "SETTLED_NS", SETTLED_NS)
        yield


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "documents"
    root.mkdir()
    return root


def settle() -> None:
    """Wait until what was done lies far enough back."""
    time.sleep(3 * SETTLED_NS / 10**9)


def put(root: Path, place: str, data: bytes = b"x") -> Path:
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


async def settled_night(root: Path) -> Night:
    settle()
    return await night(root, Night())


async def test_nothing_changed_and_nothing_is_listed(root: Path) -> None:
    for directory in ("aa/bb", "aa/cc", "dd"):
        for _ in DOCUMENTS:
            put(root, f"{directory}/{uuid4()}", directory.encode())
    first = await settled_night(root)
    second = await night(root, first)
    third = await night(root, second)
    assert (first.unchanged, second.listed, second.unchanged, third.listed, third.unchanged) == (0, 0, 3, 0, 3)
    assert first.lines == second.lines == third.lines


@pytest.mark.parametrize("change", ["added", "removed", "renamed", "replaced"])
async def test_only_what_changed_is_listed_even_if_its_time_is_set_back(root: Path, change: str) -> None:
    one, other, third = (f"aa/bb/{DOCUMENTS[0]}", f"aa/bb/{DOCUMENTS[1]}", f"aa/cc/{DOCUMENTS[2]}")
    changed = put(root, one, b"before")
    put(root, third)
    first = await settled_night(root)
    times = changed.parent.stat()
    ways: dict[str, Callable[[], object]] = {
        "added": lambda: put(root, other),
        "removed": changed.unlink,
        "renamed": lambda: changed.rename(root / other),
        "replaced": lambda: put(root, "other", b"after!").rename(changed),
    }
    ways[change]()
    os.utime(changed.parent, ns=(times.st_atime_ns, times.st_mtime_ns))
    second = await night(root, first)
    assert second.contents() == there(root)
    assert (second.listed, second.unchanged) == (len(list(changed.parent.iterdir())), 1)


async def test_a_directory_that_changed_just_before_it_was_listed_is_listed_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(root, f"aa/bb/{DOCUMENTS[0]}")
    settle()
    changed = put(root, f"aa/cc/{DOCUMENTS[1]}").parent.stat().st_ctime_ns
    soon = changed + SETTLED_NS // 2  # however slow this test is
    monkeypatch.setattr(connector, "file_system_now_ns", lambda _tree: soon)
    second = await night(root, await night(root, Night()))
    assert (second.listed, second.unchanged) == (1, 1)


async def test_what_rows_refer_to_is_found_out_for_what_was_not_listed_as_well(root: Path) -> None:
    one, other, third, absent = map(UUID, DOCUMENTS)
    for document in (one, other, third):
        put(root, f"aa/bb/{document}")
    settle()
    first = await night(root, Night(), references=[Reference(one, 1), Reference(other, None)])
    today = [Reference(other, 1), Reference(third, 5), Reference(absent, 1)]
    second = await night(root, first, references=today)
    assert (second.listed, second.unchanged) == (0, 1)
    assert [line.referenced for line in first.lines] == [True, True, False]
    assert [line.referenced for line in second.lines] == [False, True, True]
    assert second.met is not None
    assert [second.met.orphans.examples, second.met.other_sizes.examples] == [[str(one)], [str(third)]]
    assert (second.met.dangling.count, second.met.dangling.examples) == (1, [str(absent)])
    assert second.lines == (await night(root, first, references=today, list_all=True)).lines
    assert {line.referenced for line in (await night(root, second)).lines} == {None}


async def test_where_times_prove_nothing_every_directory_is_listed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root, f"aa/bb/{DOCUMENTS[0]}")
    first = await settled_night(root)
    unprobed = await night(root, first, probed=False)
    assert (unprobed.listed, unprobed.unchanged) == (1, 0)
    monkeypatch.setattr(probing, "_come_or_go", lambda _fd: None)
    monkeypatch.setattr(probing, "TICK_SECONDS", 0.01)
    untold = await night(root, first)
    assert (untold.listed, untold.unchanged) == (1, 0)


async def test_a_full_listing_finds_and_names_what_was_written_over_in_place(root: Path) -> None:
    path = put(root, f"aa/bb/{DOCUMENTS[0]}", b"before")
    first = await settled_night(root)
    path.write_bytes(b"after!")
    settle()
    second = await night(root, first)
    third = await night(root, second, list_all=True)
    assert second.contents() == first.contents()
    assert third.contents() == there(root)
    assert (third.listed, third.unchanged, third.read) == (1, 0, 1)
    assert third.met
    assert third.met.unnoticed.examples == DOCUMENTS[:1]


async def test_strays_and_duplicates_are_named_every_night(root: Path) -> None:
    put(root, f"aa/bb/{DOCUMENTS[0]}")
    put(root, f"aa/cc/{DOCUMENTS[0]}")
    put(root, f"aa/cc/{DOCUMENTS[1]}")
    put(root, f"dd/{DOCUMENTS[2]}")
    put(root, "dd/notes.txt")
    last = await settled_night(root)
    for _ in range(2):
        last = await night(root, last)
        assert last.met
        assert last.met.strays.examples == ["dd/notes.txt: not named by a UUID"]
        assert last.met.duplicates.examples == [f"aa/cc/{DOCUMENTS[0]}"]
        assert last.unchanged == 1


async def test_of_two_of_one_id_the_first_by_its_place_counts_whichever_was_not_listed(root: Path) -> None:
    for kept, added in (("bb", "aa"), ("cc", "dd")):
        shutil.rmtree(root)
        put(root, f"{kept}/{DOCUMENTS[0]}", kept.encode())
        first = await settled_night(root)
        put(root, f"{added}/{DOCUMENTS[0]}", added.encode())
        second = await night(root, first)
        assert second.unchanged == 1
        assert second.contents() == there(root)
        assert second.met
        assert second.met.duplicates.examples == [f"{max(kept, added)}/{DOCUMENTS[0]}"]


async def test_a_document_that_is_not_in_the_list_any_more_has_its_directory_listed(root: Path) -> None:
    for document in DOCUMENTS:
        put(root, f"aa/bb/{document}")
    first = await settled_night(root)
    second = await night(root, Night(first.lines[1:]))
    assert (second.listed, second.unchanged, second.read) == (len(DOCUMENTS), 0, 1)
    assert second.contents() == there(root)


def test_no_more_directories_are_remembered_than_may_be() -> None:
    directories = Directories(2)
    for name in ("aa", "bb", "cc"):
        directories.add(f"{name}/{DOCUMENTS[0]}", f"1-{name}-3-4-1")
    assert directories.known() == {"aa": "1-aa-3-4", "bb": "1-bb-3-4"}


@given(stamp=st.text(), numbers=st.lists(st.integers(min_value=0, max_value=2**64), min_size=5, max_size=5))
def test_the_states_of_a_file_and_of_its_directory_can_be_told_apart(stamp: str, numbers: list[int]) -> None:
    directory = "-".join(f"{number:x}" for number in numbers)
    assert apart(joined(stamp, directory)) == (stamp, directory)
    assert joined(stamp, "") == stamp


@pytest.mark.parametrize(
    "stamp", ['"5d41402abc4b2a76b9719d911017c592"-5-1764288000', '"a@1-2-3-4-5"-5-1764288000', "", "@"]
)
def test_a_state_that_tells_of_no_directory_stays_whole(stamp: str) -> None:
    assert apart(stamp) == (stamp, "")


def there(root: Path) -> dict[str, str]:
    """What a backup must have: every document, of two of one id the first by its place."""
    paths = [path for path in root.rglob("*-*") if path.is_file() and len(path.name) == len(DOCUMENTS[0])]
    places = sorted((str(path.relative_to(root)) for path in paths), reverse=True)
    first = {place[-36:]: place for place in places}
    return {place: name_of((root / place).read_bytes()) for place in first.values()}


def counted(lines: Sequence[DocumentLine], before: Sequence[DocumentLine]) -> Numbers:
    """What a list holds, and what of it was not in the one before, or not like this."""
    known = {line.id: line.hash for line in before}
    new = [line.size for line in lines if known.get(line.id) != line.hash]
    return Numbers(len(lines), sum(line.size for line in lines), len(new), sum(new))


class App:
    """Does with its documents whatever it likes, but for writing over one in place."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._contents = count()

    def put(self, directory: str, document: str) -> None:
        """A new document, or a new one in the place of an old one."""
        put(self._root, f"{directory}/new", b"%d" % next(self._contents)).rename(self._root / directory / document)

    def remove(self, directory: str, document: str) -> None:
        (self._root / directory / document).unlink(missing_ok=True)

    def move(self, directory: str, document: str, to: str) -> None:
        path = self._root / directory / document
        if path.exists():
            (self._root / to).mkdir(parents=True, exist_ok=True)
            path.rename(self._root / to / document)

    def move_directory(self, directory: str, to: str) -> None:
        path, target = self._root / directory, self._root / to
        if directory != "." and path.exists() and not target.exists() and not to.startswith(directory):
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)

    def stray(self, directory: str) -> None:
        put(self._root, f"{directory}/stray")

    def set_time_back(self, directory: str) -> None:
        """As rsync and tar do."""
        path = self._root / directory
        if path.exists():
            os.utime(path, (0, 0))


some_directory, some_document = st.sampled_from(DIRECTORIES), st.sampled_from(DOCUMENTS)
acts = st.one_of(
    st.tuples(st.just(App.put), some_directory, some_document),
    st.tuples(st.just(App.remove), some_directory, some_document),
    st.tuples(st.just(App.move), some_directory, some_document, some_directory),
    st.tuples(st.just(App.move_directory), some_directory, some_directory),
    st.tuples(st.just(App.stray), some_directory),
    st.tuples(st.just(App.set_time_back), some_directory),
)
nights = st.tuples(st.lists(acts, max_size=6), st.booleans(), st.sampled_from([False, False, False, True]))


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.lists(nights, min_size=2, max_size=6))
def test_whatever_an_app_does_between_nights_none_misses_anything(
    lived: list[tuple[list[tuple[Callable[..., None], Any]], bool, bool]],
) -> None:
    async def live(root: Path) -> None:
        app, last = App(root), Night()
        for done, has_settled, list_all in lived:
            for act, *arguments in done:
                act(app, *arguments)
            if has_settled:
                settle()
            before, last = last, await night(root, last, list_all=list_all)
            assert last.contents() == there(root)
            assert last.numbers == counted(last.lines, before.lines)

    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(live(Path(directory)))
