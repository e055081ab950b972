"""The demo, as a person runs it: it ends well only when everything came back, and names what did not."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from infra.demo.tampering import Tampering
from infra.local.layout import SETTING
from tests.support.local_stack import LocalStack, stack_directory
from tests.support.until import until

pytestmark = pytest.mark.timeout(600)

ROOT = Path(__file__).parents[2]

NAMED = {
    Tampering.ROW: "table sales.order_line differs",
    Tampering.DOCUMENT: "document ",
    Tampering.LARGE_OBJECT: "large object ",
    Tampering.SEQUENCE: "sequence sales.ticket_number differs",
}
DANGLING = ("d9a3dc74-98c8-4e9c-8daf-61519dbbd94a",)
ORPHANS = ("20651033-cc9f-4f8f-8424-1f784c61a981", "e2c183c7-443c-4976-80f7-337d1069b314")


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """The directory of a stack that the first demo starts and that stays for the next ones."""
    with stack_directory() as directory:
        yield LocalStack(directory)


def demo(stack: LocalStack, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.demo", *words],
        env={**stack.environment_of_commands(), **environment},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_demo_ends_well_when_everything_came_back_and_may_leave_the_stack_up(
    stack: LocalStack, tmp_path: Path
) -> None:
    evidence = tmp_path / "evidence.tsv"
    done = demo(stack, "--stay", "--evidence", str(evidence))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Identical: " in done.stdout
    assert all(name in done.stdout for name in (*DANGLING, *ORPHANS))
    lines = [line.split("\t") for line in evidence.read_text().splitlines()[1:]]
    assert all(before == after for *_, before, after in lines)
    assert {kind for kind, *_ in lines} == {"table", "sequence", "large object", "structure", "document"}
    status = stack.wait_ready()
    assert status["endpoints"]["gateway_url"] in done.stdout
    assert status["sample"]["credentials_file"] in done.stdout


@pytest.mark.parametrize("what", Tampering)
def test_the_demo_ends_badly_and_names_it_when_one_thing_was_altered(
    stack: LocalStack, what: Tampering, tmp_path: Path
) -> None:
    done = demo(stack, "--stay", "--tamper", what, "--evidence", str(tmp_path / "evidence"))

    assert done.returncode == 1, done.stdout + done.stderr
    (fault,) = done.stdout.partition("Not identical, 1 fault:")[2].partition("\n\n")[0].strip().splitlines()
    assert fault.startswith(NAMED[what])


def test_a_demo_that_does_not_stay_leaves_nothing_behind() -> None:
    with stack_directory() as directory:
        passing = LocalStack(directory)
        done = demo(passing, "--evidence", str(directory.with_name("evidence")), TMPDIR=str(directory.parent))

        assert done.returncode == 0, done.stdout + done.stderr
        assert [path.name for path in directory.parent.iterdir()] == ["evidence"]
        assert processes_in(directory.parent) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_ended_in_the_middle_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    with stack_directory() as directory:
        process = begun(directory, tmp_path / "said")
        process.send_signal(number)

        assert process.wait(120) != 0
        assert list(directory.parent.iterdir()) == []
        assert processes_in(directory.parent) == []


def test_a_demo_that_is_killed_takes_its_stack_with_it(tmp_path: Path) -> None:
    with stack_directory() as directory:
        process = begun(directory, tmp_path / "said")
        assert processes_in(directory.parent) != []
        process.kill()

        process.wait(10)
        until(lambda: processes_in(directory.parent) == [], within_seconds=10)


def test_a_demo_that_finds_no_place_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "somebody else's").touch()
    done = demo(LocalStack(tmp_path), "--stay")

    assert done.returncode == 1
    assert "name an empty or a new directory with --data-dir" in " ".join(done.stdout.split())


def begun(directory: Path, said: Path) -> subprocess.Popen[bytes]:
    """A demo in a place of its own beside the directory, with Kafka ready."""
    environment = {**LocalStack(directory).environment_of_commands(), "TMPDIR": str(directory.parent)}
    del environment[SETTING]
    with said.open("wb") as opened:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.demo"], env=environment, cwd=ROOT, stdout=opened, stderr=opened
        )
    until(lambda: b"kafka is ready" in said.read_bytes(), within_seconds=240)
    return process


def processes_in(directory: Path) -> list[str]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.cwd().startswith(str(directory)):
                found.append(process.name())
    return found
