"""Every event has its effect once, in the order of its stream, whatever Kafka delivers."""

import asyncio
from uuid import UUID, uuid4

import pytest
from prometheus_client import REGISTRY

from contracts.codec import RawRecord
from contracts.errors import RejectionCode
from contracts.events.apps import AppRegistered
from contracts.events.backups import BackupStarted
from contracts.events.commands import CommandRejected
from contracts.topics import Topic
from services.platform.messaging.consuming import commit, group_consumer
from services.platform.messaging.driver import TopicPartition
from services.platform.messaging.errors import LogForkedError
from services.platform.messaging.topics import ensure_topics, partition_of
from tests.support.events import NOON, event
from tests.support.eventually import eventually
from tests.support.following import Followed
from tests.support.lost_log import lose_the_log

ACCEPTANCE, PRODUCTION = UUID(int=1), UUID(int=2)


def backup(stream: str, sequence: int, environment: UUID = PRODUCTION, event_id: UUID | None = None) -> RawRecord:
    body = BackupStarted(backup_id=uuid4(), environment_id=environment, started_at=NOON)
    return event(body, f"snapshot/backup/{stream}", sequence, event_id=event_id)


def app() -> RawRecord:
    app_id = uuid4()
    return event(AppRegistered(app_id=app_id, name="Shop", slug="shop"), f"catalog/app/{app_id}", 1)


def refusal() -> RawRecord:
    command_id = uuid4()
    body = CommandRejected(
        command_id=command_id, command="ExpireBackup", code=RejectionCode.NOT_FOUND, reason="there is no such backup"
    )
    return event(body, f"catalog/command/{command_id}", 1)


async def until_noted(followed: Followed, *places: str) -> None:
    async def as_wanted() -> bool:
        return [place.removeprefix("snapshot/backup/") for place in await followed.noted()] == list(places)

    await eventually(as_wanted)


async def until_waiting(followed: Followed, *places: str) -> None:
    async def as_wanted() -> bool:
        return [place.removeprefix("snapshot/backup/") for place in await followed.waiting()] == list(places)

    await eventually(as_wanted)

    async def is_shown() -> bool:
        return REGISTRY.get_sample_value("nightkeep_events_waiting", {"consumer": "snapshot"}) == len(places)

    await eventually(is_shown)


async def test_an_event_seen_again_has_one_effect(followed: Followed) -> None:
    first, second = backup("a", 1), backup("a", 2)
    async with followed.following():
        await followed.put(first, first, second, first, second, backup("b", 1))
        await until_noted(followed, "a:1", "a:2", "b:1")


async def test_an_event_seen_again_after_a_restart_has_one_effect(followed: Followed) -> None:
    first = backup("a", 1)
    async with followed.following():
        await followed.put(first)
        await until_noted(followed, "a:1")
    await followed.put(first, backup("a", 2))
    async with followed.following():
        await until_noted(followed, "a:1", "a:2")


@pytest.mark.parametrize("committed", [0, 3], ids=["behind", "ahead"])
async def test_a_follower_goes_on_where_postgresql_says_whatever_the_group_says(
    followed: Followed, committed: int
) -> None:
    async with followed.following():
        await followed.put(backup("a", 1))
        await until_noted(followed, "a:1")
    await followed.put(backup("a", 2), backup("a", 3))
    topic = Topic.EVENTS.named(followed.settings.topic_prefix)
    async with group_consumer(followed.settings, "snapshot", topic) as consumer:
        await commit(consumer, {TopicPartition(topic, partition_of("platform")): committed})
    async with followed.following():
        await until_noted(followed, "a:1", "a:2", "a:3")


async def test_the_same_place_with_another_event_stops_loudly(followed: Followed) -> None:
    await followed.put(backup("a", 1), backup("a", 1))
    with pytest.raises(LogForkedError, match="snapshot/backup/a has another event at 1"):
        await followed.follower().run()


async def test_a_log_that_ends_before_what_was_dealt_with_stops_loudly(followed: Followed) -> None:
    async with followed.following():
        await followed.put(backup("a", 1), backup("a", 2))
        await until_noted(followed, "a:1", "a:2")
    await lose_the_log(followed.settings)
    await ensure_topics(followed.settings)
    await followed.put(backup("b", 1))
    with pytest.raises(LogForkedError, match="is at 1, it had reached 2: the topic was recreated"):
        await asyncio.wait_for(followed.follower().run(), timeout=60)


async def test_a_gap_parks_what_is_later_about_the_same_environment_and_nothing_else(followed: Followed) -> None:
    async with followed.following():
        await followed.put(backup("a", 1), backup("a", 3), backup("b", 1), backup("c", 1, ACCEPTANCE), app())
        await until_waiting(followed, "a:3", "b:1")
        noted = await followed.noted()
        assert noted[:2] == ["snapshot/backup/a:1", "snapshot/backup/c:1"]
        assert noted[2].startswith("catalog/app/")


async def test_a_gap_that_fills_lets_everything_go_in_the_order_of_the_log(followed: Followed) -> None:
    async with followed.following():
        await followed.put(backup("a", 3), backup("b", 1), backup("b", 3), backup("a", 2))
        await until_waiting(followed, "a:3", "b:1", "b:3", "a:2")
        await followed.put(backup("b", 2), backup("a", 1))
        await until_noted(followed, "a:1", "a:2", "a:3", "b:1", "b:2", "b:3")
        await until_waiting(followed)
        await followed.put(backup("a", 4))
        await until_noted(followed, "a:1", "a:2", "a:3", "b:1", "b:2", "b:3", "a:4")


async def test_poison_waits_with_everything_later_of_its_environment(followed: Followed) -> None:
    poison = uuid4()
    followed.poison.add(poison)
    async with followed.following():
        await followed.put(backup("a", 1, event_id=poison), backup("b", 1), backup("c", 1, ACCEPTANCE))
        await until_noted(followed, "c:1")
        await until_waiting(followed, "a:1", "b:1")


async def test_what_is_dealt_with_together_with_poison_has_its_effect_once(followed: Followed) -> None:
    poison = uuid4()
    followed.poison.add(poison)
    await followed.put(backup("c", 1, ACCEPTANCE), backup("a", 1), backup("a", 2, event_id=poison), backup("b", 1))
    await followed.put(backup("c", 2, ACCEPTANCE))
    async with followed.following():
        await until_noted(followed, "c:1", "a:1", "c:2")
        await until_waiting(followed, "a:2", "b:1")


async def test_poison_that_a_newer_release_understands_heals_at_its_start(followed: Followed) -> None:
    poison = uuid4()
    followed.poison.add(poison)
    async with followed.following():
        await followed.put(backup("a", 1, event_id=poison), backup("a", 2), backup("b", 1))
        await until_waiting(followed, "a:1", "a:2", "b:1")
    followed.poison.clear()
    async with followed.following():
        await until_noted(followed, "a:1", "a:2", "b:1")
        await until_waiting(followed)


async def test_an_event_of_a_newer_version_holds_its_environment_back(followed: Followed) -> None:
    known = backup("a", 1)
    newer = tuple(
        (name, b"nightkeep.event.BackupStarted.v9" if name == "ce_type" else text) for name, text in known.headers
    )
    async with followed.following():
        await followed.put(RawRecord(known.key, known.value, newer), backup("b", 1), backup("c", 1, ACCEPTANCE))
        await until_noted(followed, "c:1")
        await until_waiting(followed, "a:1", "b:1")


async def test_bytes_that_are_no_message_hold_nothing_back(followed: Followed) -> None:
    async with followed.following():
        await followed.put(RawRecord(b"platform", b"\xff\x00", ()), backup("a", 1))
        await until_noted(followed, "a:1")


async def test_a_transient_error_is_tried_again_until_it_is_none(followed: Followed) -> None:
    flaky = uuid4()
    followed.failures[flaky] = 3
    async with followed.following():
        await followed.put(backup("a", 1, event_id=flaky), backup("a", 2))
        await until_noted(followed, "a:1", "a:2")


async def test_two_instances_share_the_work_and_do_none_of_it_twice(followed: Followed) -> None:
    async with followed.following(), followed.following():
        apps = [app() for _ in range(50)]
        await followed.put(*apps, *apps)

        async def all_noted() -> bool:
            return len(await followed.noted()) == len(apps)

        await eventually(all_noted)


async def test_a_barrier_opens_when_the_partition_was_read_so_far(followed: Followed) -> None:
    place = await followed.producer.send(Topic.EVENTS, backup("a", 1))
    async with followed.following() as follower:
        await follower.caught_up(place.partition, place.offset + 1)
        assert await followed.noted() == ["snapshot/backup/a:1"]


async def test_a_follower_is_ready_when_it_has_dealt_with_what_was_there(followed: Followed) -> None:
    await followed.put(*(backup("a", n) for n in range(1, 1200)))
    assert not await followed.follower().replayed()
    async with followed.following() as follower:
        await eventually(follower.replayed)
        assert len(await followed.noted()) == 1199


async def test_refusals_are_passed_over_unless_somebody_reacts_to_them(followed: Followed) -> None:
    async with followed.following():
        await followed.put(refusal(), backup("a", 1))
        await until_noted(followed, "a:1")


async def test_a_refusal_is_heard_by_who_reacts_to_it_and_leaves_no_position(followed: Followed) -> None:
    heard = refusal()
    async with followed.following(CommandRejected):
        await followed.put(heard)
        await until_noted(followed, f"{dict(heard.headers)['ce_subject'].decode()}:1")
    async with followed.database.transaction() as c:
        assert await c.fetchval("SELECT count(*) FROM stream_position WHERE stream LIKE 'catalog/command/%'") == 0
