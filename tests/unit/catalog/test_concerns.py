"""An event that concerns a row is looked at by the folds of that row."""

from services.catalog.domain.state import concerns
from services.catalog.domain.state.environment import FOLDS


def test_some_fold_of_an_environment_looks_at_each_module_of_events_that_concern_it() -> None:
    assert {event.__module__ for event in concerns.ENVIRONMENT} == FOLDS.keys()
