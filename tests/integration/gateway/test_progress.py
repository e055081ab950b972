"""Who watches a job sees where it is, how it goes on, and that it has ended."""

import asyncio
import json
from uuid import UUID, uuid4

from httpx_sse import ServerSentEvent, aconnect_sse

from contracts.progress import JobProgressed
from services.platform.messaging.progress import ProgressPublisher
from services.platform.process.clock import SystemClock
from tests.support.events import cause
from tests.support.eventually import eventually
from tests.support.gateway import Api, Json
from tests.support.local_client import loopback_client


def _note(environment: Json, entity_id: str, step: int) -> JobProgressed:
    return JobProgressed(
        entity="backup",
        entity_id=UUID(entity_id),
        environment_id=UUID(environment["environment_id"]),
        step=step,
        steps=7,
        sentence="dump the database",
        bytes_done=step * 1000,
    )


async def _backup(api: Api, environment: Json) -> Json:
    answer = await api.client.post(f"/api/v1/environments/{environment['environment_id']}/backups")
    return dict(answer.json())


async def test_a_watcher_sees_the_state_first_then_progress_then_the_end(api: Api) -> None:
    environment = await api.ready_environment()
    backup = await _backup(api, environment)
    publisher = ProgressPublisher(api.producer, service="snapshot", clock=SystemClock(), new_id=uuid4)
    seen: list[ServerSentEvent] = []

    async with aconnect_sse(api.client, "GET", f"/api/v1/backups/{backup['backup_id']}/progress") as source:
        async for event in source.aiter_sse():
            seen.append(event)
            if len(seen) == 1:
                publisher.publish(_note(environment, backup["backup_id"], 3), cause(), environment["app_id"])
            if event.event == "progress":
                finishing = asyncio.ensure_future(api.completed(environment, backup))
    await finishing

    kinds = [event.event for event in seen]
    assert (kinds[0], kinds[-1]) == ("state", "end")
    assert json.loads(seen[0].data) == backup
    notes = [json.loads(event.data) for event in seen if event.event == "progress"]
    assert (notes[0]["step"], notes[0]["sentence"]) == (3, "dump the database")
    assert json.loads(seen[-1].data)["state"] == "completed"


async def test_who_comes_late_sees_the_newest_note_at_once(api: Api) -> None:
    environment = await api.ready_environment()
    backup = await _backup(api, environment)
    publisher = ProgressPublisher(api.producer, service="snapshot", clock=SystemClock(), new_id=uuid4)
    publisher.publish(_note(environment, backup["backup_id"], 5), cause(), environment["app_id"])

    for _ in range(2):
        async with aconnect_sse(api.client, "GET", f"/api/v1/backups/{backup['backup_id']}/progress") as source:
            async for event in source.aiter_sse():
                if event.event == "progress":
                    assert json.loads(event.data)["step"] == 5
                    break


async def test_a_job_that_waits_says_why_where_it_is_shown_until_it_goes_on(api: Api) -> None:
    environment = await api.ready_environment()
    backup = await _backup(api, environment)
    publisher = ProgressPublisher(api.producer, service="snapshot", clock=SystemClock(), new_id=uuid4)
    there = _note(environment, backup["backup_id"], 2)
    full = there.model_copy(update={"trouble": "the object store is full (try 2 of 5 in 4 s)"})

    async def says(message: str) -> bool:
        shown = (await api.client.get(f"/api/v1/backups/{backup['backup_id']}")).json()
        return bool(shown["status_message"] == message)

    publisher.publish(there, cause(), environment["app_id"])
    publisher.publish(full, cause(), environment["app_id"])
    await eventually(lambda: says("waits: the object store is full (try 2 of 5 in 4 s)"))
    publisher.publish(_note(environment, backup["backup_id"], 1), cause(), environment["app_id"])
    await eventually(lambda: says(backup["status_message"]))


async def test_a_job_that_has_ended_is_told_with_its_end_and_the_stream_closes(api: Api) -> None:
    environment = await api.ready_environment()
    backup = await _backup(api, environment)
    await api.completed(environment, backup)

    async with aconnect_sse(api.client, "GET", f"/api/v1/backups/{backup['backup_id']}/progress") as source:
        kinds = [event.event async for event in source.aiter_sse()]

    assert kinds == ["state", "end"]


async def test_fifty_watchers_of_one_backup_all_see_its_end(api: Api) -> None:
    environment = await api.ready_environment()
    backup = await _backup(api, environment)
    begun = asyncio.Semaphore(0)

    async def watch() -> str:
        async with (
            loopback_client(base_url=api.url, headers={"Authorization": f"Bearer {api.key}"}, timeout=60) as client,
            aconnect_sse(client, "GET", f"/api/v1/backups/{backup['backup_id']}/progress") as source,
        ):
            last = ""
            async for event in source.aiter_sse():
                if not last:
                    begun.release()
                last = event.event
            return last

    watchers = [asyncio.ensure_future(watch()) for _ in range(50)]
    for _ in watchers:
        await begun.acquire()
    await api.completed(environment, backup)

    assert await asyncio.gather(*watchers) == ["end"] * 50
