"""Cancelling an archive: queued, running, too late, twice, by whom; and what is left of it, which is nothing."""

import asyncio
from secrets import token_hex
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.gateway.domain.rights import Scope
from tests.support.archiving import documents
from tests.support.dice import some_of
from tests.support.downloading import ENDS_WITHIN_SECONDS, Shelf, dump_of
from tests.support.eventually import eventually
from tests.support.gateway import Json

CANCELLED = "cancelled by user:ada"


def place_of(archive: Json) -> str:
    return f"/api/v1/archives/{archive['archive_id']}"


async def cancel(shelf: Shelf, archive: Json, **headers: str) -> httpx.Response:
    return await shelf.api.client.post(f"{place_of(archive)}/cancel", headers=headers)


def told(answer: httpx.Response) -> tuple[int, str, str]:
    refused = answer.json()
    return answer.status_code, refused["errorCode"], refused["errorMessage"]


async def said(shelf: Shelf, archive: Json, last: str) -> list[Any]:
    """What the log tells of the archive, once the last of it has this name."""

    async def look() -> list[Any] | None:
        bodies: list[Any] = await shelf.api.said(f"gateway/archive/{archive['archive_id']}")
        return bodies if bodies and type(bodies[-1]).__name__ == last else None

    found = await eventually(look, within_seconds=ENDS_WITHIN_SECONDS)
    assert found is not None
    return found


def names(bodies: list[Any]) -> list[str]:
    return [type(body).__name__ for body in bodies]


async def test_a_queued_archive_is_cancelled_at_once_and_lets_its_backup_go(shelf: Shelf) -> None:
    backup = await shelf.backup(dump_of(10), {})
    async with shelf.nothing_leased():
        asked = await shelf.ask(backup)
        answer = await cancel(shelf, asked)
    cancelled = answer.json()
    assert (answer.status_code, cancelled["state"], cancelled["status_message"]) == (202, "failed", CANCELLED)
    assert (cancelled["failure"]["code"], cancelled["url"]) == ("CANCELLED", None)
    assert cancelled["finished_at"] == cancelled["updated_at"]
    assert (await shelf.api.client.get(place_of(asked))).json() == cancelled
    requested, failed = await said(shelf, asked, "ArchiveFailed")
    assert (failed.code, failed.reason, failed.backup_id) == ("CANCELLED", CANCELLED, requested.backup_id)
    await shelf.left_alone(backup, asked)


@pytest.mark.parametrize("data_type", some_of(["files_only", "files_and_database"], 1))
async def test_a_running_archive_stops_in_the_middle_of_its_pass(shelf: Shelf, data_type: str) -> None:
    backup = await shelf.backup(dump_of(10), documents(300, 400_000))  # what takes seconds to read and to compress
    asked = await shelf.ask(backup, data_type)

    async def is_read() -> bool:
        seen: Json = (await shelf.api.client.get(place_of(asked))).json()
        assert seen["state"] in ("queued", "running")
        return seen["estimated_bytes"] is not None

    await eventually(is_read, within_seconds=ENDS_WITHIN_SECONDS)
    answer = await cancel(shelf, asked)
    assert (answer.status_code, answer.json()["state"]) == (202, "failed"), answer.text
    await shelf.left_alone(backup, asked)
    seen = (await shelf.api.client.get(place_of(asked))).json()
    assert (seen["state"], seen["status_message"], seen["sha256"]) == ("failed", CANCELLED, None)
    assert names(await said(shelf, asked, "ArchiveFailed")) == ["ArchiveRequested", "ArchiveStarted", "ArchiveFailed"]


async def test_asked_for_again_it_is_a_new_one(shelf: Shelf) -> None:
    backup = await shelf.backup(dump_of(10), {})
    async with shelf.nothing_leased():
        first = await shelf.ask(backup)
        await cancel(shelf, first)
        second = await shelf.ask(backup)
    assert second["archive_id"] != first["archive_id"]
    await shelf.ended(second)
    listed = (await shelf.api.client.get(f"/api/v1/backups/{backup['backup_id']}/archives")).json()["archives"]
    assert [(one["archive_id"], one["state"]) for one in listed] == [
        (second["archive_id"], "completed"),
        (first["archive_id"], "failed"),
    ]


async def test_what_has_ended_is_not_cancelled_and_its_state_is_named(shelf: Shelf) -> None:
    backup = await shelf.backup(dump_of(10), {})
    archive = await shelf.archive(backup)
    async with shelf.nothing_leased():
        other = await shelf.ask(backup, "files_only")
        assert (await cancel(shelf, other)).status_code == httpx.codes.ACCEPTED
        assert told(await cancel(shelf, other)) == (
            409,
            "ERROR_NOT_ALLOWED",
            "this archive is failed: there is nothing to cancel",
        )
    await shelf.execute(
        "UPDATE gateway.archive SET link_ends_at = clock_timestamp() WHERE archive_id = $1::text::uuid",
        archive["archive_id"],
    )
    await shelf.ended(archive, "expired")
    assert told(await cancel(shelf, archive))[2] == "this archive is expired: there is nothing to cancel"


async def test_a_link_that_is_cancelled_is_over_and_lets_its_backup_go(shelf: Shelf) -> None:
    backup = await shelf.backup(dump_of(10), {})
    archive, key = await shelf.archive(backup), {"Idempotency-Key": uuid4().hex}
    cancelled = await cancel(shelf, archive, **key)
    assert (cancelled.status_code, cancelled.json()["state"], cancelled.json()["url"]) == (202, "expired", None)
    await shelf.is_over(archive)
    assert (await cancel(shelf, archive, **key)).json() == cancelled.json()
    assert told(await cancel(shelf, archive))[2] == "this archive is expired: there is nothing to cancel"
    *_, expired = await said(shelf, archive, "ArchiveExpired")
    assert expired.why == "cancelled"
    await shelf.deleted(backup)


async def test_a_link_is_over_when_somebody_releases_what_keeps_its_backup(shelf: Shelf) -> None:
    backup = await shelf.backup(dump_of(10), {})
    archive = await shelf.archive(backup)
    lease = f"/api/v1/backups/{backup['backup_id']}/leases/{archive['archive_id']}"
    assert (await shelf.api.client.delete(lease)).is_success
    await shelf.ended(archive, "expired")
    await shelf.is_over(archive)
    *_, expired = await said(shelf, archive, "ArchiveExpired")
    assert expired.why == "let_go"
    again = await shelf.archive(backup)
    assert again["archive_id"] != archive["archive_id"]


async def test_a_link_that_ended_early_lets_its_backup_go(shelf: Shelf) -> None:
    backup = await shelf.backup(dump_of(10), {})
    archive = await shelf.archive(backup)
    await shelf.execute("DELETE FROM gateway.archive_page WHERE archive_id = $1::text::uuid", archive["archive_id"])
    async with shelf.stranger() as client:
        assert (await client.get(archive["url"])).status_code == httpx.codes.GONE
    await shelf.deleted(backup)


async def test_the_same_idempotency_key_cancels_once_and_is_told_the_same(shelf: Shelf) -> None:
    backup, key = await shelf.backup(dump_of(10), {}), {"Idempotency-Key": uuid4().hex}
    async with shelf.nothing_leased():
        asked, other = await shelf.ask(backup, **key), await shelf.ask(backup, "files_only")
        assert told(await cancel(shelf, asked, **key))[:2] == (409, "IDEMPOTENCY_KEY_REUSED")
        cancelling = {"Idempotency-Key": uuid4().hex}
        answers = await asyncio.gather(*(cancel(shelf, asked, **cancelling) for _ in range(5)))
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.text for answer in answers}) == 1
        assert told(await cancel(shelf, other, **cancelling))[:2] == (409, "IDEMPOTENCY_KEY_REUSED")
    assert names(await said(shelf, asked, "ArchiveFailed")) == ["ArchiveRequested", "ArchiveFailed"]
    await shelf.ended(other)
    assert (await cancel(shelf, asked, **cancelling)).json() == answers[0].json()


async def test_one_key_cancels_one_of_several_archives_at_once(shelf: Shelf) -> None:
    backup, key = await shelf.backup(dump_of(10), {}), {"Idempotency-Key": uuid4().hex}
    async with shelf.nothing_leased():
        asked = [await shelf.ask(backup, kind) for kind in ("files_and_database", "files_only", "database_only")]
        answers = await asyncio.gather(*(cancel(shelf, one, **key) for one in asked))
        codes = sorted((answer.status_code, answer.json().get("errorCode")) for answer in answers)
        assert codes == [(202, None), (409, "IDEMPOTENCY_KEY_REUSED"), (409, "IDEMPOTENCY_KEY_REUSED")]
        left = [one for one, answer in zip(asked, answers, strict=True) if not answer.is_success]
        assert {(await cancel(shelf, one)).status_code for one in left} == {202}


@pytest.mark.parametrize("after_seconds", some_of([0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5], 3))
async def test_of_its_end_and_a_cancellation_one_comes_first_and_all_agree(shelf: Shelf, after_seconds: float) -> None:
    backup = await shelf.backup(dump_of(10), {})
    asked = await shelf.ask(backup)
    await asyncio.sleep(after_seconds)
    answers = await asyncio.gather(cancel(shelf, asked), cancel(shelf, asked))
    (accepted,), (refused,) = ([one for one in answers if one.is_success is done] for done in (True, False))
    assert "nothing to cancel" in told(refused)[2]
    state = accepted.json()["state"]
    assert (await shelf.api.client.get(place_of(asked))).json()["state"] == state
    first, last = {"failed": ("ArchiveFailed",) * 2, "expired": ("ArchiveCompleted", "ArchiveExpired")}[state]
    said_of_it = names(await said(shelf, asked, last))
    assert [one for one in said_of_it if one in {"ArchiveFailed", "ArchiveCompleted"}] == [first]
    await (shelf.left_alone(backup, asked) if state == "failed" else shelf.deleted(backup))
    assert names(await said(shelf, asked, last)) == said_of_it


async def test_a_catalog_that_is_away_does_not_hold_up_a_cancellation_and_lets_the_backup_go_when_it_is_back(
    shelf: Shelf,
) -> None:
    backup = await shelf.backup(dump_of(10), {})
    catalog = shelf.api.platform.services["catalog"]
    catalog.end()
    try:
        asked = await shelf.ask(backup)
        await shelf.ended(asked, "running")
        answer = await cancel(shelf, asked)
        assert (answer.status_code, answer.json()["status_message"]) == (202, CANCELLED)
    finally:
        await shelf.api.platform.start("catalog")
    await shelf.left_alone(backup, asked)


async def test_who_watches_it_sees_its_end(shelf: Shelf) -> None:
    backup = await shelf.backup(dump_of(10), {})
    events: list[str] = []
    async with shelf.nothing_leased():
        asked = await shelf.ask(backup)
        async with shelf.api.client.stream("GET", f"{place_of(asked)}/progress", timeout=60) as answer:
            async for line in answer.aiter_lines():
                events.append(line)
                if line.startswith("data: ") and len(events) < 5:
                    assert (await cancel(shelf, asked)).is_success
    assert events[0] == "event: state"
    last = max(number for number, line in enumerate(events) if line == "event: end")
    assert f'"status_message":"{CANCELLED}"' in events[last + 1]


async def test_scripts_see_a_failed_archive_that_says_by_whom(shelf: Shelf) -> None:
    backup = await shelf.backup(dump_of(10), {})
    environment = f"/api/v2/apps/{backup['app_id']}/environments/{backup['environment_id']}"
    place = f"{environment}/snapshots/{backup['backup_id']}/archives"
    async with shelf.nothing_leased():
        asked = (await shelf.api.client.post(place)).json()
        assert asked["state"] == "queued"
        await cancel(shelf, asked)
        seen = (await shelf.api.client.get(f"{place}/{asked['archive_id']}")).json()
        again = (await shelf.api.client.post(place)).json()
    assert (seen["state"], seen["status_message"], seen["url"]) == ("failed", CANCELLED, None)
    assert seen["finished_at"] is not None
    assert (again["state"], again["archive_id"] == asked["archive_id"]) == ("queued", False)


async def test_whoever_may_ask_for_it_may_cancel_it_and_to_others_there_is_none(shelf: Shelf) -> None:
    api, backup = shelf.api, await shelf.backup(dump_of(10), {})
    others = [scope for scope in Scope if scope is not Scope.READ]
    async with shelf.nothing_leased():
        asked = await shelf.ask(backup)
        async with api.connect(await api.key_with(*others)) as unable:
            assert told(await unable.post(f"{place_of(asked)}/cancel"))[:2] == (403, "NO_ACCESS")
        async with api.connect(await _stranger(shelf)) as stranger:
            assert told(await stranger.post(f"{place_of(asked)}/cancel"))[:2] == (404, "NOT_FOUND")
        async with api.connect(await api.key_with(Scope.READ)) as able:
            assert (await able.post(f"{place_of(asked)}/cancel")).status_code == httpx.codes.ACCEPTED
    assert told(await api.client.post(f"/api/v1/archives/{uuid4()}/cancel"))[:2] == (404, "NOT_FOUND")


async def _stranger(shelf: Shelf) -> str:
    """The key of somebody of another organisation, who may all in an app of theirs."""
    client = shelf.api.client
    organisation = (await client.post("/api/v1/organisations", json={"name": f"org-{token_hex(4)}"})).json()
    body = {"name": f"user-{token_hex(4)}", "organisation_id": organisation["organisation_id"]}
    user = (await client.post("/api/v1/users", json=body)).json()
    place = f"/api/v1/organisations/{organisation['organisation_id']}/access/{user['user_id']}"
    await client.put(place, json={"rights": list(Scope)})
    invited = (await client.post(f"/api/v1/users/{user['user_id']}/invitations")).json()
    async with shelf.api.connect() as unknown:
        accepted = await unknown.post("/api/v1/invitations/accept", json={"token": invited["token"]})
    key: str = accepted.json()["api_key"]
    return key
