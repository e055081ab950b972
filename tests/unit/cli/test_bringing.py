"""What is fetched of a backup is its owner's alone, whole or not there, and never in another file's place."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.cli.downloading import bring


def nobody(_bytes_there: int) -> None:
    """Sees no progress."""


@pytest.fixture(autouse=True)
def open_to_everybody() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_it_is_for_its_owner_alone_from_the_first_byte_on(tmp_path: Path) -> None:
    modes = list[int]()

    def pieces() -> Iterator[bytes]:
        for piece in (b"one ", b"two"):
            modes.extend(path.stat().st_mode & 0o777 for path in tmp_path.iterdir())
            yield piece

    bring(pieces(), tmp_path / "document", nobody)
    assert modes == [0o600, 0o600]
    assert (tmp_path / "document").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "document").read_bytes() == b"one two"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("what", ["file", "link"])
def test_what_appears_meanwhile_stays(tmp_path: Path, what: str) -> None:
    target, elsewhere = tmp_path / "document", tmp_path / "elsewhere"

    def pieces() -> Iterator[bytes]:
        yield b"fetched"
        if what == "file":
            target.write_bytes(b"another's")
        else:
            target.symlink_to(elsewhere)

    with pytest.raises(FileExistsError):
        bring(pieces(), target, nobody)
    assert what == "link" or target.read_bytes() == b"another's"
    assert list(tmp_path.iterdir()) == [target]


def test_of_what_breaks_off_nothing_is_left(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        bring(pieces(), tmp_path / "document", nobody)
    assert not list(tmp_path.iterdir())
