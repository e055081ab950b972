"""A stack touches its own directory, and no other."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from infra.local.errors import StackError
from infra.local.layout import Layout, choose, default_root
from infra.local.stack_identity import StackIdentity


@pytest.fixture
def ours(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "stack")
    layout.claim()
    StackIdentity.make(uuid4(), datetime.now(UTC)).write(layout)
    return layout


def test_a_directory_with_other_things_in_it_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(StackError, match="holds other things"):
        Layout(tmp_path).claim()


def test_a_directory_that_is_not_ours_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "kafka").mkdir()
    with pytest.raises(StackError, match="not a directory of nightkeep"):
        Layout(tmp_path).purge()
    assert (tmp_path / "kafka").exists()


def test_a_start_that_ended_at_its_beginning_is_no_obstacle_to_the_next_one(tmp_path: Path) -> None:
    begun = Layout(tmp_path / "stack")
    begun.claim()
    for path in (begun.lock_file, begun.state_file, begun.supervisor_log):
        path.touch()
    begun.claim()
    assert begun.purge() == []
    assert not begun.root.exists()


def test_somebody_elses_documents_are_no_beginning_of_ours(tmp_path: Path) -> None:
    theirs = tmp_path / "documents" / "thesis.txt"
    theirs.parent.mkdir()
    theirs.write_text("years of work")
    with pytest.raises(StackError, match="holds other things"):
        Layout(tmp_path).claim()
    with pytest.raises(StackError, match="not a directory of nightkeep"):
        Layout(tmp_path).purge()
    assert theirs.exists()


@pytest.mark.parametrize("place", ["thesis.txt", "thesis.txt/stack", "/proc/stack"])
def test_what_cannot_be_a_directory_is_named_with_what_to_do(tmp_path: Path, place: str) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(StackError, match=r"name .* with --data-dir"):
        Layout(tmp_path / place).claim()


def test_our_directory_is_removed_whole(ours: Layout) -> None:
    assert ours.purge() == []
    assert not ours.root.exists()


def test_what_somebody_else_put_into_our_directory_stays(ours: Layout) -> None:
    note = ours.root / "note.txt"
    note.write_text("mine")
    assert ours.purge() == [note]
    assert note.read_text() == "mine"


def test_a_link_in_our_directory_is_removed_and_not_followed(ours: Layout, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    ours.engine("kafka").symlink_to(elsewhere)
    ours.purge()
    assert (elsewhere / "kept").exists()


def test_passwords_are_for_their_owner_only(ours: Layout) -> None:
    assert ours.identity_file.stat().st_mode & 0o777 == 0o600


def test_two_checkouts_have_two_directories(tmp_path: Path) -> None:
    assert default_root(tmp_path / "a" / "nightkeep") != default_root(tmp_path / "b" / "nightkeep")


def test_a_directory_is_chosen_by_option_then_setting(tmp_path: Path) -> None:
    environment = {"NIGHTKEEP_DATA_DIR": str(tmp_path / "setting")}
    assert choose(tmp_path / "option", environment).root == tmp_path / "option"
    assert choose(None, environment).root == tmp_path / "setting"
    assert choose(None, {}).root == default_root()
