"""Why a backup is there, or is not any more, from what the log says of it: as data, and in sentences (product, "Why").

`explain` reads the history lines that the read model keeps for every backup, for ever. Of time it knows what the lines
say: decisions are made by the business clock, leases end by PostgreSQL's.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from pydantic import AwareDatetime

from contracts.events.backups import BackupKind, BackupRequested, NightlySlot
from contracts.events.slots import SlotEnded
from contracts.explanation.findings import (
    Ending,
    Erasure,
    Hold,
    Judgement,
    ending_of,
    holds_of,
    judgements_of,
    state_of,
)
from contracts.explanation.history import HistoryLine, Told, line
from contracts.explanation.sentences import Clocks, present, sentence, unfinished
from contracts.states import BackupState
from contracts.values import Value

__all__ = ["Clocks", "Ending", "Erasure", "Explanation", "HistoryLine", "Hold", "Judgement", "explain", "line"]


class Explanation(Value):
    """Why one backup is there or not, as data and as `sentences` for a person, in the order of what happened.

    `judgements` say when its expiry was set and by which rule, the last one holds; `holds` what held it from when until
    when; `ending` how it went, None while it has not.
    """

    backup_id: UUID
    environment_id: UUID
    kind: BackupKind
    state: BackupState
    created_at: AwareDatetime
    created_by: str
    slot_date: date
    calendar_offset: str
    slot: NightlySlot | None
    fills_gap: date | None
    late: bool
    judgements: tuple[Judgement, ...]
    holds: tuple[Hold, ...]
    ending: Ending | None
    sentences: tuple[str, ...]


_AS_REQUESTED: Final = (
    "backup_id", "environment_id", "kind", "created_at", "created_by", "slot_date", "calendar_offset", "slot",
    "fills_gap",
)  # fmt: skip


def explain(history: Sequence[HistoryLine], clocks: Clocks, *, sweep_stopped_at: datetime | None = None) -> Explanation:
    """Why the backup with this `history` is there or not by the `clocks`.

    `sweep_stopped_at` is when a sweep of its environment stopped that still does.

    Raises ValueError when the history does not begin with its BackupRequested.
    """
    told = [Told(one, one.event()) for one in history]
    if not told or not isinstance(requested := told[0].event, BackupRequested):
        raise ValueError("the history of a backup begins with its BackupRequested")
    state, judgements, holds = state_of(told), judgements_of(told, requested), holds_of(told)
    holders = {hold.holder_id: hold.reason for hold in holds if hold.holder_id}
    ending = ending_of(told)
    now = (*present(state, judgements[-1], holds, clocks, sweep_stopped_at), *unfinished(ending))
    return Explanation(
        **{name: getattr(requested, name) for name in _AS_REQUESTED},
        state=state,
        late=any(isinstance(one.event, SlotEnded) and one.event.late for one in told),
        judgements=judgements,
        holds=holds,
        ending=ending,
        sentences=(*(text for one in told if (text := sentence(one, holders))), *now),
    )
