"""Nothing moves outside the state machines."""

from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.states import BACKUP, MACHINES, BackupState, ForbiddenMoveError, Machine, move


def test_a_backup_never_completes_without_having_run() -> None:
    with pytest.raises(ForbiddenMoveError):
        move(BACKUP, BackupState.QUEUED, BackupState.COMPLETED)


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES.keys())
def test_every_state_is_reached_from_the_first_and_leads_to_known_ones(machine: Machine) -> None:
    states = set(machine)
    reached = {next(iter(machine))}
    for _ in states:
        reached |= {after for state in reached for after in machine[state]}
    assert reached == states == set(type(next(iter(machine))))


@given(st.sampled_from(sorted(MACHINES)), st.data())
def test_only_the_drawn_moves_are_allowed(name: str, data: st.DataObject) -> None:
    machine = MACHINES[name]
    before: StrEnum = data.draw(st.sampled_from(list(machine)))
    after: StrEnum = data.draw(st.sampled_from(list(machine)))
    if after in machine[before]:
        assert move(machine, before, after) is after
    else:
        with pytest.raises(ForbiddenMoveError):
            move(machine, before, after)
