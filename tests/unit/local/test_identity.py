"""PostgreSQL's user reaches what it needs, or a person is told which directory is closed."""

from pathlib import Path

from infra.local.engines.postgres import reachable_copy
from infra.local.identity import Identity, blocked_at

SOMEBODY = Identity(uid=54_321, gid=54_321)


def opened(path: Path, mode: int) -> Path:
    path.mkdir()
    path.chmod(mode)
    return path


def test_a_closed_directory_on_the_way_is_named(tmp_path: Path) -> None:
    closed = opened(tmp_path / "closed", 0o700)
    inside = opened(closed / "inside", 0o755)
    assert blocked_at(inside, SOMEBODY) in {closed, *closed.parents}


def test_a_directory_that_everybody_may_pass_is_no_obstacle() -> None:
    assert blocked_at(Path("/usr/bin"), SOMEBODY) is None


def test_programs_that_are_out_of_reach_are_copied_with_open_modes_and_the_original_keeps_its_own(
    tmp_path: Path,
) -> None:
    origin = opened(tmp_path / "origin", 0o700)
    program = opened(origin / "bin", 0o700) / "postgres"
    program.touch(mode=0o700)
    library = opened(origin / "lib", 0o700) / "libpq.so"
    library.touch(mode=0o600)
    copy = reachable_copy(origin, tmp_path / "copy")
    assert (copy / "bin" / "postgres").stat().st_mode & 0o777 == 0o755
    assert (copy / "lib" / "libpq.so").stat().st_mode & 0o777 == 0o644
    assert program.stat().st_mode & 0o777 == 0o700
