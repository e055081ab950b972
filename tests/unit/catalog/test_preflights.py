"""When a preflight can be cancelled."""

from typing import Any
from uuid import UUID

import pytest

from contracts.commands.restores import CancelPreflight
from contracts.errors import RejectionCode
from contracts.events.restores import PreflightCancelRequested
from services.catalog.domain.decide.restores import cancel_preflight
from services.catalog.domain.refusals import RefusedError
from services.catalog.domain.state.preflight import Preflight, evolve
from tests.support.histories import History

ID = UUID(int=8)
CANCEL = CancelPreflight(preflight_id=ID)


def preflight(*said: tuple[str, dict[str, Any]]) -> Preflight | None:
    """The preflight after what was said of it."""
    history, found = History(), None
    for name, changes in said:
        found = evolve(found, history.body(name, preflight_id=ID, **changes))
    return found


REQUESTED: tuple[str, dict[str, Any]] = ("PreflightRequested", {})


def test_while_it_runs_it_is_asked_to_end() -> None:
    event = cancel_preflight(preflight(REQUESTED), CANCEL)
    assert isinstance(event, PreflightCancelRequested)
    assert event.preflight_id == ID


@pytest.mark.parametrize(
    ("said", "code", "reason"),
    [
        ((), RejectionCode.NOT_FOUND, f"there is no preflight {ID}"),
        (
            (REQUESTED, ("PreflightCancelRequested", {})),
            RejectionCode.NOT_ALLOWED,
            "this preflight is being cancelled already",
        ),
        (
            (REQUESTED, ("PreflightCompleted", {"passed": True})),
            RejectionCode.NOT_ALLOWED,
            "this preflight has passed: there is nothing to cancel",
        ),
        (
            (REQUESTED, ("PreflightCancelRequested", {}), ("PreflightCompleted", {"passed": False})),
            RejectionCode.NOT_ALLOWED,
            "this preflight has failed: there is nothing to cancel",
        ),
    ],
)
def test_otherwise_it_is_refused_and_its_state_named(
    said: tuple[tuple[str, dict[str, Any]], ...], code: RejectionCode, reason: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        cancel_preflight(preflight(*said), CANCEL)
    assert (refused.value.code, refused.value.reason) == (code, reason)


def test_what_was_said_of_nothing_makes_nothing() -> None:
    assert preflight(("PreflightCompleted", {})) is None
