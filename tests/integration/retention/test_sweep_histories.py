"""Whatever the log tells, in whatever order: what a sweep asks for and says is what plain lists say it should be."""

import asyncio
import json
from collections.abc import Coroutine
from datetime import timedelta
from functools import partial
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from contracts.envelope import Event
from contracts.errors import RejectionCode
from contracts.events.commands import CommandRejected
from contracts.events.retention import SweepApproved, SweepResumed, SweepStopped
from tests.support.events import NOON
from tests.support.histories import History
from tests.support.plain_sweeps import AGAIN_AFTER, FAILED_FOR, PlainBackup, PlainPlace
from tests.support.sweeping import Sweeps, requested

T = TypeVar("T")
PLACES: Final = st.integers(0, 1)
CHOICE: Final = st.integers(0, 10_000)
DAYS: Final = st.sampled_from([1, 1, 2, 14, 90, None])
ENDS: Final = st.sampled_from(["completed", "completed", "completed", "completed", "failed", "queued"])
HISTORY: Final = History()


class Histories(RuleBasedStateMachine):
    """Two environments, and a log that says anything; the sweeps are real, on the loop of the test."""

    def __init__(self, sweeps: Sweeps, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self.sweeps = sweeps
        self.loop = loop
        self.places = [PlainPlace(UUID(int=number)) for number in (1, 2)]
        self.stops: dict[UUID, UUID] = {}
        self.said = 0
        self.count = 0

    @initialize()
    def begin(self) -> None:
        self.sweeps.clock.at = NOON
        self.done(forget_all(self.sweeps))

    @rule(place=PLACES, count=st.integers(3, 9), days=DAYS, end=ENDS)
    def back_up(self, place: int, count: int, days: int | None, end: str) -> None:
        """At one instant, so that their ids alone say which is the newest."""
        now = self.sweeps.clock.now()
        expires_at = None if days is None else now + timedelta(days=days)
        for _ in range(count):
            self.count += 1
            one = PlainBackup(UUID(int=self.count), self.places[place].environment_id, now, expires_at)
            self.places[place].backups.append(one)
            self.hear(requested(one.environment_id, now, expires_at).model_copy(update={"backup_id": one.backup_id}))
            if end != "queued":
                self.end(one, end)

    @precondition(lambda self: self.those(state="queued"))
    @rule(choice=CHOICE, end=st.sampled_from(["completed", "failed"]))
    def end_one(self, choice: int, end: str) -> None:
        self.end(self.chosen(choice, state="queued"), end)

    @rule(hours=st.integers(1, 24 * 16))
    def let_time_pass(self, hours: int) -> None:
        self.sweeps.clock.on(hours=hours)
        self.sweep()

    @rule(days=st.sampled_from([-30, -1, 5, 15, 400]))
    def move_the_clock(self, days: int) -> None:
        self.sweeps.clock.on(days=days)
        self.sweep()

    @precondition(lambda self: self.ended())
    @rule(choice=CHOICE)
    def pin_or_unpin(self, choice: int) -> None:
        one = self.ended()[choice % len(self.ended())]
        one.pinned = not one.pinned
        self.about(one, "BackupPinned" if one.pinned else "BackupUnpinned")

    @precondition(lambda self: self.ended())
    @rule(newest=st.booleans(), choice=CHOICE)
    def delete_by_hand(self, choice: int, *, newest: bool) -> None:
        one = self.ended()[-1 if newest else choice % len(self.ended())]
        one.state, one.waits = "deleting", ""
        self.about(one, "BackupDeletionRequested")

    @precondition(lambda self: self.those(state="completed"))
    @rule(choice=CHOICE, count=st.integers(1, 8), days=st.sampled_from([-20, -1, 0, 3, None]))
    def apply_a_policy(self, choice: int, count: int, days: int | None) -> None:
        first = choice % len(self.those(state="completed"))
        for one in self.those(state="completed")[first : first + count]:
            one.expires_at = None if days is None else self.sweeps.clock.now() + timedelta(days=days)
            one.waits, one.not_before = "", None
            self.about(one, "BackupExpiryChanged", expires_at=one.expires_at)

    @precondition(lambda self: self.those(waits="answer"))
    @rule(choice=CHOICE, count=st.integers(1, 8), answer=st.sampled_from(["let go", "held", "not due", "unknown"]))
    def answer(self, choice: int, count: int, answer: str) -> None:
        """As the catalog does, or as it might have before it knew what is known here."""
        first = choice % len(self.those(waits="answer"))
        for one in self.those(waits="answer")[first : first + count]:
            self.answered(one, answer)

    @precondition(lambda self: self.those(waits="release"))
    @rule(choice=CHOICE)
    def release(self, choice: int) -> None:
        one = self.chosen(choice, waits="release")
        one.waits = ""
        self.about(one, "ExpiryReleased")

    @precondition(lambda self: self.stops)
    @rule(choice=CHOICE, known=st.booleans())
    def approve(self, choice: int, *, known: bool) -> None:
        environment_id = sorted(self.stops)[choice % len(self.stops)]
        sweep_id = self.stops[environment_id] if known else uuid4()
        self.hear(SweepApproved(sweep_id=sweep_id, environment_id=environment_id, approved_by="Karla"))
        if known:
            next(one for one in self.places if one.environment_id == environment_id).approve()
            del self.stops[environment_id]

    @rule()
    def sweep(self) -> None:
        """And again, which changes nothing."""
        now = self.sweeps.clock.now()
        expected = [(place, told) for place in self.places if (told := place.sweep(now)) is not None]
        for _ in range(2):
            self.done(self.sweeps.sweep.now())
            self.is_asked_for()
        events = self.done(self.sweeps.said())[self.said :]
        self.said += len(events)
        assert len(events) == len(expected)
        for (place, wanted), event in zip(expected, events, strict=True):
            self.was_said(place, wanted, event)

    def was_said(self, place: PlainPlace, wanted: dict[str, object], event: dict[str, Any]) -> None:
        stops, data = "due_count" in wanted, json.dumps(event)
        found = SweepStopped.model_validate_json(data) if stops else SweepResumed.model_validate_json(data)
        assert found.model_dump().items() >= (wanted | {"environment_id": place.environment_id}).items()
        if stops:
            self.stops[place.environment_id] = found.sweep_id
        else:
            assert self.stops.pop(place.environment_id) == found.sweep_id

    def is_asked_for(self) -> None:
        rows = self.done(rows_of(self.sweeps, "SELECT backup_id FROM backup WHERE waits_for = 'answer'"))
        assert {row["backup_id"] for row in rows} == {one.backup_id for one in self.those(waits="answer")}

    def answered(self, one: PlainBackup, answer: str) -> None:
        now = self.sweeps.clock.now()
        match answer:
            case "let go":
                one.state, one.waits = "expired", ""
                self.about(one, "BackupExpired")
            case "held":
                one.waits = "release"
                self.about(one, "ExpiryHeld")
            case "not due":
                assert one.expires_at
                one.waits, one.not_before = "", max(one.expires_at, now) + AGAIN_AFTER
                self.refuse(one, RejectionCode.INVALID_STATE)
            case _:
                one.waits = "change"
                self.refuse(one, RejectionCode.NOT_FOUND)

    def refuse(self, one: PlainBackup, code: RejectionCode) -> None:
        command_id = self.done(self.sweeps.row(one.backup_id))["command_id"]
        self.hear(CommandRejected(command_id=command_id, command="ExpireBackup", code=code, reason="it is so"))

    def end(self, one: PlainBackup, end: str) -> None:
        one.state = end
        if end == "failed":
            one.expires_at = one.created_at + FAILED_FOR
        self.about(one, f"Backup{end.capitalize()}")

    def about(self, one: PlainBackup, name: str, **changes: object) -> None:
        ids = {"backup_id": one.backup_id, "environment_id": one.environment_id}
        self.hear(HISTORY.body(name, **ids, **changes))

    def hear(self, body: Event) -> None:
        self.done(self.sweeps.hear(body))

    def ended(self) -> list[PlainBackup]:
        return [*self.those(state="completed"), *self.those(state="failed")]

    def those(self, **wanted: str) -> list[PlainBackup]:
        every = [one for place in self.places for one in place.backups]
        return [one for one in every if vars(one).items() >= wanted.items()]

    def chosen(self, choice: int, **wanted: str) -> PlainBackup:
        some = self.those(**wanted)
        return some[choice % len(some)]

    def done(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()


SETTINGS: Final = settings(
    max_examples=20,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


async def test_sweeps_ask_and_stop_as_plain_lists_do(sweeps: Sweeps) -> None:
    machine: Any = partial(Histories, sweeps, asyncio.get_running_loop())  # annotated as a type, any factory will do
    await asyncio.to_thread(run_state_machine_as_test, machine, settings=SETTINGS)


async def forget_all(sweeps: Sweeps) -> None:
    async with sweeps.database.transaction() as c:
        await c.execute("DELETE FROM backup")
        await c.execute("DELETE FROM environment")
        await c.execute("DELETE FROM event")


async def rows_of(sweeps: Sweeps, query: str) -> list[Any]:
    async with sweeps.database.transaction() as c:
        return list(await c.fetch(query))
