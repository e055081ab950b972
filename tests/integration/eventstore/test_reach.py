"""A topic that is recreated under a running service is noticed, whether or not anybody says anything meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from contracts.topics import Topic
from services.platform.eventstore import reach as reach_module
from services.platform.eventstore.errors import LogPartedError
from services.platform.eventstore.reach import Reach
from services.platform.process.errors import TransientError
from tests.support.event_log import InMemoryEventLog, Written
from tests.support.event_store import OwnEvents
from tests.support.eventually import eventually


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for long."""
    monkeypatch.setattr(reach_module, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(reach_module, "DOUBT_SECONDS", 0.05)


class Ends(InMemoryEventLog):
    """A log that says where it ends, one answer after the other, the last of them for ever; None is no answer."""

    def __init__(self, *answers: int | None) -> None:
        super().__init__()
        self.answers = list(answers)

    async def ends(self, _topic: Topic) -> Mapping[int, int]:
        """See LogReader."""
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            raise TransientError("no broker")
        return {7: answer}

    def read(self, _topic: Topic, _partition: int, _start: int, _end: int) -> AsyncIterator[Sequence[Written]]:
        """Nobody asks."""
        raise NotImplementedError


async def test_an_event_that_comes_before_earlier_ones_is_on_another_log_and_stays_unpublished(own: OwnEvents) -> None:
    await own.append("catalog/app/1", 3)
    await own.publish_all()
    own.log.written.clear()
    await own.append("catalog/app/1", after=3)
    with pytest.raises(LogPartedError, match="is at 0, it had reached 3: the topic was recreated"):
        await own.relay.publish_batch()
    assert await own.unpublished() == 1


async def test_a_running_relay_ends_that_has_nothing_to_publish(own: OwnEvents) -> None:
    running = asyncio.create_task(own.relay.run())
    await own.append("catalog/app/1", 3)

    async def is_published() -> bool:
        return await own.unpublished() == 0

    await eventually(is_published)
    own.log.written.clear()
    with pytest.raises(LogPartedError, match="recreated"):
        await asyncio.wait_for(running, timeout=60)


async def test_what_others_have_written_counts() -> None:
    log = Ends(3)
    reach = Reach(log)
    looking = asyncio.create_task(reach.look())
    before = reach.so_far()
    await eventually(lambda: _has_heard(reach))
    with pytest.raises(LogPartedError):
        reach.published([(7, 2)], reach.so_far())
    reach.published([(7, 2)], before)  # the look was between that and its note
    reach.published([(7, 3), (8, 0)], reach.so_far())
    log.answers = [4, 0]
    with pytest.raises(LogPartedError, match="partition 7 of the log is at 0, it had reached 4"):
        await asyncio.wait_for(looking, timeout=60)


async def _has_heard(reach: Reach) -> bool:
    return bool(reach.so_far())


async def test_who_was_away_and_says_what_it_knew_before_ends_nobody() -> None:
    log = Ends(5, 4, 5, 6, 0, 6)
    looking = asyncio.create_task(Reach(log).look())

    async def has_said_all() -> bool:
        return len(log.answers) == 1

    await eventually(has_said_all)
    await asyncio.wait([looking], timeout=0.2)
    assert not looking.done()
    looking.cancel()


async def test_a_batch_that_kafka_knows_already_and_not_where_it_is_is_no_other_log() -> None:
    reach = Reach(InMemoryEventLog())
    for places in ([(0, 3), (0, 4), (1, 0)], [(0, -1), (0, 0), (0, 1)], [(0, 5), (1, 1)]):
        reach.published(places, reach.so_far())
