"""A job in a terminal: its step, how much was done, how fast, and how long it will still take."""

from io import StringIO
from uuid import uuid4

from rich.console import Console

from contracts.progress import JobProgressed
from services.cli.show.progress import live_progress


def note(**changes: object) -> JobProgressed:
    told = {"entity": "backup", "entity_id": uuid4(), "environment_id": uuid4(), "step": 2, "steps": 4}
    return JobProgressed.model_validate({**told, "sentence": "dump the database", **changes})


def drawn(*notes: JobProgressed, columns: int = 120) -> str:
    """What a terminal of so many columns was sent."""
    sent = StringIO()
    console = Console(file=sent, force_terminal=True, width=columns, color_system=None, legacy_windows=False)
    with live_progress(console, "the backup") as on_progress:
        for one in notes:
            on_progress(one)
    return sent.getvalue()


def test_a_terminal_shows_step_amount_rate_and_time_left() -> None:
    sent = drawn(note(bytes_done=50_000_000, bytes_total=200_000_000, bytes_per_second=8_000_000, seconds_left=185))
    assert "Step 2/4: dump the database" in sent
    assert "50.0 MB" in sent
    assert "8.0 MB/s" in sent
    assert "3 min 05 s left" in sent


def test_a_job_that_waits_says_why_instead_of_its_step() -> None:
    sent = drawn(note(trouble="the object store is full"))
    assert "Waits: the object store is full" in sent
    assert "Step 2/4" not in sent


def test_a_narrow_terminal_keeps_all_on_one_line() -> None:
    sent = drawn(note(sentence="a sentence that is longer than this terminal is wide", seconds_left=5), columns=70)
    assert "a sentence that is longer than this terminal is wide" not in sent
    assert "s left" in sent
