"""Whoever watches what processes are told at their start goes on watching when one of them ends meanwhile."""

from pathlib import Path

import pytest

from tests.history.collecting import arguments


def test_a_process_that_has_ended_since_it_was_listed_ends_no_watching(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Path("/proc/self/cmdline").read_bytes().replace(b"\0", b" ").decode()

    def ended(_path: Path, **_options: object) -> None:
        raise ProcessLookupError  # which pathlib takes for no answer to whether it is there

    monkeypatch.setattr(Path, "stat", ended)
    assert own in arguments()
