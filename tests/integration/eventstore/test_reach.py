"""A topic that is recreated under a running service is noticed, whether or not anybody says anything meanwhile."""

import asyncio

import pytest

from services.platform.eventstore import relay as relay_module
from services.platform.eventstore.errors import LogPartedError
from services.platform.eventstore.reach import Reach
from tests.support.event_log import InMemoryEventLog
from tests.support.event_store import OwnEvents
from tests.support.eventually import eventually


async def test_an_event_that_comes_before_earlier_ones_is_on_another_log_and_stays_unpublished(own: OwnEvents) -> None:
    await own.append("catalog/app/1", 3)
    await own.publish_all()
    own.log.written.clear()
    await own.append("catalog/app/1", after=3)
    with pytest.raises(LogPartedError, match="is at 0, it had reached 3: the topic was recreated"):
        await own.relay.publish_batch()
    assert await own.unpublished() == 1


async def test_a_running_relay_ends_that_has_nothing_to_publish(
    own: OwnEvents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(relay_module, "POLL_SECONDS", 0.1)
    running = asyncio.create_task(own.relay.run())
    await own.append("catalog/app/1", 3)

    async def is_published() -> bool:
        return await own.unpublished() == 0

    await eventually(is_published)
    own.log.written.clear()
    with pytest.raises(LogPartedError, match="recreated"):
        await asyncio.wait_for(running, timeout=60)


async def test_what_others_have_written_counts_from_the_first_look(own: OwnEvents) -> None:
    reach, places = Reach(own.log), [(3, 0), (3, 1)]
    await own.append("catalog/app/1", 3)
    await own.publish_all()
    await reach.look()
    [partition] = {one.place[0] for one in own.log.written}
    with pytest.raises(LogPartedError):
        reach.published([(partition, 2)])
    reach.published([(partition, 3), *places])


async def test_a_batch_that_kafka_knows_already_and_not_where_it_is_is_no_other_log() -> None:
    reach = Reach(InMemoryEventLog())
    for places in ([(0, 3), (0, 4), (1, 0)], [(0, -1)], [(0, 5), (1, 1)]):
        reach.published(places)
