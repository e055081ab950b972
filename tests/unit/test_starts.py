"""What programs wait for at their start: ten of them start at once on a machine with two cores."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def printed(program: str) -> str:
    """What a fresh interpreter says: this one has imported everything."""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("program", "library"),
    [
        ("services.cli.__main__", "aiobotocore"),
        ("services.cli.__main__", "jgo"),
        ("infra.demo.__main__", "jgo"),
        ("infra.local.sample", "jgo"),
        ("infra.local.sample", "aiobotocore"),
        ("services.platform.repository.small", "aiobotocore"),
        ("services.catalog.bootstrap", "aiobotocore"),
        ("services.replication.bootstrap", "aiobotocore"),
    ],
)
def test_a_library_that_few_starts_need_is_left_to_those(program: str, library: str) -> None:
    assert printed(f"import sys, {program}; print({library!r} in sys.modules)") == "False"


@pytest.mark.parametrize(
    "program", ["services.gateway.bootstrap", "services.snapshot.bootstrap", "infra.demo.__main__"]
)
def test_the_collector_never_goes_through_all_that_a_program_imports(program: str) -> None:
    assert printed(f"import gc, {program}; print(gc.get_stats()[2]['collections'])") == "0"


def test_the_collector_works_as_usual_once_a_program_has_imported_what_it_needs() -> None:
    look = "import gc; usual = gc.get_threshold(); import services; services.end_imports()"
    assert printed(f"{look}; print(gc.get_threshold() == usual, gc.get_freeze_count() > 0)") == "True True"


def test_how_a_message_is_checked_is_worked_out_when_the_first_one_comes() -> None:
    look = "from contracts.registry import BODIES; print(any(body.__pydantic_complete__ for body in BODIES.values()))"
    assert printed(look) == "False"


def test_a_command_line_that_a_program_calls_again_and_again_hides_nothing_more_from_the_collector() -> None:
    look = "import gc, services; services.end_imports(); first = gc.get_freeze_count(); made = [[] for _ in range(9)]"
    assert printed(f"{look}; services.end_imports(); print(gc.get_freeze_count() == first)") == "True"
