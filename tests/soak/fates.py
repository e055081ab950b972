"""What befalls a service at a stop of the walk: it dies and is started again, or it sleeps while another life works."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from prometheus_client.parser import text_string_to_metric_families

from contracts.defaults import SILENT_SECONDS
from tests.soak.itinerary import Stop
from tests.soak.world import LEASE_SECONDS, World
from tests.support.eventually import eventually
from tests.support.local_client import loopback_client
from tests.support.running_services import Service
from tests.support.starting import is_dead

Ended = Callable[[], Awaitable[None]]
WAKES_WITHIN_SECONDS: Final = 240.0
NEWEST: Final = """
    FROM job WHERE kind IN ('backup', 'import', 'recover', 'restore', 'undo', 'upload') ORDER BY position DESC LIMIT 1
"""
"""The job of the work; others follow by themselves, such as the removal of what an earlier restore has set aside."""
SLEEPS_SECONDS: Final = 3
SLEEPERS_LEASE_SECONDS: Final = 10
"""As with what is set by default: locks are let go of first, then Kafka's partitions, after 6 s, and a lease ends last.

Whoever takes over a job has heard by then what was asked of it meanwhile, such as to cancel it.
"""


@dataclass(frozen=True)
class Fate:
    """`words` come before the point in the crash file; `has_come` says whether the service is there.

    `name` is what many of them are called; who is silent for `silent_seconds` loses PostgreSQL's locks, and for
    `lease_seconds` its jobs.

    `lived_through` sees to it that the work ends all the same, which `ended` waits for, and that there is one service
    again afterwards; it returns what there is to say of it. Raises AssertionError when it did not go as it must.
    """

    name: str
    words: str
    silent_seconds: int
    lease_seconds: int
    has_come: Callable[[Service], Awaitable[bool]]
    lived_through: Callable[[World, Stop, Ended], Awaitable[str]]


async def _is_dead(service: Service) -> bool:
    return await is_dead(service.process)


async def _started_again(world: World, stop: Stop, ended: Ended) -> str:
    dead = world.platform.services[stop.service]
    assert dead.process.poll() == -signal.SIGKILL, dead.log.read_text()[-4000:]
    await world.restart(stop.service)
    await ended()
    return ""


async def _taken_over(world: World, stop: Stop, ended: Ended) -> str:
    """The work ends while the sleeper sleeps; woken up, it lets go of what it held, changes nothing and lives on."""
    sleeper = world.platform.services[stop.service]
    try:
        await world.platform.start(stop.service)
        await ended()
        before, changed_hands = await _held(world, stop.service), await _has_changed_hands(world, stop.service)
        sleeper.process.send_signal(signal.SIGCONT)
        await eventually(lambda: _has_let_go(sleeper, knows=changed_hands), within_seconds=WAKES_WITHIN_SECONDS)
        ended_as = await results(sleeper)
        assert await asyncio.to_thread(sleeper.end, signal.SIGTERM) == 0, sleeper.log.read_text()[-4000:]
    finally:
        await asyncio.to_thread(sleeper.end)
    changed = _differences(before, await _held(world, stop.service))
    assert not changed, f"the sleeper has changed something: {changed}"
    assert not changed_hands or ended_as - {"completed"}, f"its job changed hands, and it does not know: {ended_as}"
    return f"job changed hands: {changed_hands}, its attempts: {', '.join(sorted(ended_as)) or 'none'}"


async def _held(world: World, service: str) -> dict[str, object]:
    """What the environments hold, how much the service has said of the work, and its databases."""
    named = "coalesce(payload ->> 'upload_id', payload ->> 'restore_id', payload ->> 'backup_id')"
    newest = f"SELECT {named} {NEWEST}"
    work_id = await asyncio.to_thread(world.known, service, newest)
    database = f"nightkeep\\_{UUID(work_id).hex}%"
    queries = {
        "events": f"SELECT count(*) FROM event WHERE stream LIKE '%{work_id}'",  # noqa: S608 -- an id
        "databases": f"SELECT datname FROM pg_database WHERE datname LIKE '{database}' ORDER BY 1",  # noqa: S608 -- an id
    }
    asked = {what: await asyncio.to_thread(world.known, service, query) for what, query in queries.items()}
    held = {name: await asyncio.to_thread(place.everything) for name, place in world.places.items()}
    return asked | held | {"objects": await world.shelf_objects(), "manifest": await _manifest(world, work_id)}


async def _manifest(world: World, backup_id: str) -> list[str]:
    """The state of what has decided about a backup; of no other work there is any."""
    places = [f"environments/{one}/manifests/{backup_id}" for one in world.environments.values()]
    return [info.etag for place in places async for info in world.store.list(place)]


def _differences(before: dict[str, object], now: dict[str, object]) -> dict[str, tuple[object, object]]:
    return {what: (before[what], now[what]) for what in before if before[what] != now[what]}


async def _has_changed_hands(world: World, service: str) -> bool:
    return await asyncio.to_thread(world.known, service, f"SELECT epoch > 1 {NEWEST}") == "t"


async def _has_let_go(sleeper: Service, *, knows: bool) -> bool:
    """Whether it is well and works on nothing; and `knows` that its job changed hands, which it sees late."""
    works = any((await _samples(sleeper, "nightkeep_jobs_running")).values()) if await sleeper.ready() else True
    return not works and (not knows or bool(await results(sleeper) - {"completed"}))


async def results(sleeper: Service) -> set[str]:
    """How its attempts at jobs have ended."""
    counted = await _samples(sleeper, "nightkeep_job_attempts_total")
    return {dict(labels)["result"] for labels, times in counted.items() if times}


async def _samples(service: Service, name: str) -> dict[frozenset[tuple[str, str]], float]:
    async with loopback_client() as client:
        text = (await client.get(f"{service.health_url}/metrics")).raise_for_status().text
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    return {frozenset(one.labels.items()): one.value for one in samples if one.name == name}


DYING: Final = Fate("deaths", "", SILENT_SECONDS, LEASE_SECONDS, _is_dead, _started_again)
SLEEPING: Final = Fate("sleeps", "stop ", SLEEPS_SECONDS, SLEEPERS_LEASE_SECONDS, Service.is_stopped, _taken_over)
