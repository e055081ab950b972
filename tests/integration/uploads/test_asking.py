"""An upload as its caller sees it, from the file that was sent to its end."""

from uuid import uuid4

from services.gateway.domain.rights import Scope
from tests.support.gateway import Json
from tests.support.sending import Sending


async def test_an_upload_is_accepted_with_its_safety_backup_and_once(sending: Sending) -> None:
    environment, key = await sending.stopped(), str(uuid4())
    parcel = await sending.sent(environment)
    answer = await sending.upload(environment, parcel, key)
    assert answer.status_code == 202, answer.text
    upload: Json = answer.json()
    assert (upload["state"], upload["data_type"], upload["size_bytes"]) == ("queued", "files_only", 3500)
    assert upload["status_message"] == "Waiting for its safety backup"
    backup = (await sending.api.client.get(f"/api/v1/backups/{upload['safety_backup_id']}")).json()
    assert (backup["kind"], backup["pinned"]) == ("safety", True)
    await sending.api.eventually(f"/api/v1/parcels/{parcel['parcel_id']}", "held_by", upload["upload_id"])
    again = await sending.upload(environment, parcel, key)
    assert (again.status_code, again.json()["upload_id"]) == (202, upload["upload_id"])
    others: list[Json] = [{"data_type": "database_only"}, {"safety_backup": False}, {"parcel_id": str(uuid4())}]
    for change in others:
        other = await sending.upload(environment, parcel, key, **change)
        assert (other.status_code, other.json()["errorCode"]) == (409, "IDEMPOTENCY_KEY_REUSED"), change
    listed = await sending.api.client.get(f"/api/v1/environments/{environment['environment_id']}/uploads")
    assert [one["upload_id"] for one in listed.json()["uploads"]] == [upload["upload_id"]]


async def test_what_an_upload_works_off_is_not_taken_away(sending: Sending) -> None:
    environment = await sending.stopped()
    parcel = await sending.sent(environment)
    upload = (await sending.upload(environment, parcel, safety_backup=False)).json()
    place = f"/api/v1/parcels/{parcel['parcel_id']}"
    await sending.api.eventually(place, "held_by", upload["upload_id"])
    for refused in (await sending.api.client.delete(place), await sending.part(parcel, 0, b"x" * 1000)):
        assert refused.status_code == 409, refused.text
    busy = await sending.upload(environment, await sending.sent(environment), safety_backup=False)
    assert (busy.status_code, busy.json()["errorCode"]) == (409, "ENVIRONMENT_BUSY")


async def test_what_was_sent_goes_when_the_upload_has_ended(sending: Sending) -> None:
    environment = await sending.stopped()
    parcel = await sending.sent(environment)
    upload = (await sending.upload(environment, parcel, safety_backup=False)).json()
    await sending.api.eventually(f"/api/v1/parcels/{parcel['parcel_id']}", "held_by", upload["upload_id"])
    await sending.fail(environment, upload)
    ended = await sending.api.eventually(f"/api/v1/uploads/{upload['upload_id']}", "state", "failed")
    assert ended["failure"]["code"] == "HOSTILE_ARCHIVE"
    await sending.swept(parcel)


async def test_an_archive_is_imported_once_and_kept_until_then(sending: Sending) -> None:
    environment, key = await sending.stopped(), {"Idempotency-Key": str(uuid4())}
    parcel = await sending.sent(environment)
    place = f"/api/v1/environments/{environment['environment_id']}/imports"
    asked = {"parcel_id": parcel["parcel_id"], "comment": "from elsewhere", "model_version": "6.3.0"}
    answer = await sending.api.client.post(place, json=asked, headers=key)
    assert answer.status_code == 202, answer.text
    backup = answer.json()
    assert (backup["kind"], backup["comment"], backup["model_version"]) == ("uploaded", "from elsewhere", "6.3.0")
    await sending.api.eventually(f"/api/v1/parcels/{parcel['parcel_id']}", "held_by", backup["backup_id"])
    again = await sending.api.client.post(place, json=asked, headers=key)
    assert again.json()["backup_id"] == backup["backup_id"]
    await sending.api.completed(environment, backup)
    await sending.swept(parcel)
    late = await sending.api.client.post(place, json=asked, headers=key)
    assert late.json()["backup_id"] == backup["backup_id"]
    for change in ({"parcel_id": str(uuid4())}, {"comment": "other"}, {"model_version": "6.4.0"}):
        other = await sending.api.client.post(place, json=asked | change, headers=key)
        assert (other.status_code, other.json()["errorCode"]) == (409, "IDEMPOTENCY_KEY_REUSED"), change


async def test_a_file_that_has_not_come_whole_is_not_uploaded(sending: Sending) -> None:
    environment = await sending.stopped()
    parcel = (await sending.begin(environment)).json()
    await sending.parts(parcel, (0, 1))
    refused = await sending.upload(environment, parcel)
    assert (refused.status_code, "2 parts of this parcel have not come" in refused.json()["errorMessage"]) == (
        409,
        True,
    )


async def test_a_file_is_uploaded_where_it_was_sent_for(sending: Sending) -> None:
    parcel = await sending.sent(await sending.stopped())
    refused = await sending.upload(await sending.stopped(), parcel)
    assert (refused.status_code, refused.json()["errorCode"]) == (404, "NOT_FOUND")


async def test_a_file_is_imported_where_it_was_sent_for_and_a_key_means_one_import(sending: Sending) -> None:
    environment, other = await sending.stopped(), await sending.stopped()
    asked = {"parcel_id": (await sending.sent(environment))["parcel_id"], "comment": "", "model_version": None}
    foreign = await sending.api.client.post(f"/api/v1/environments/{other['environment_id']}/imports", json=asked)
    assert (foreign.status_code, foreign.json()["errorCode"]) == (404, "NOT_FOUND")
    key = {"Idempotency-Key": str(uuid4())}
    places = [f"/api/v1/environments/{one['environment_id']}/imports" for one in (environment, other)]
    assert (await sending.api.client.post(places[0], json=asked, headers=key)).status_code == 202
    reused = await sending.api.client.post(places[1], json=asked, headers=key)
    assert (reused.status_code, reused.json()["errorCode"]) == (409, "IDEMPOTENCY_KEY_REUSED")


async def test_an_upload_is_cancelled_and_watched_to_its_end(sending: Sending) -> None:
    environment = await sending.stopped()
    upload = (await sending.upload(environment, await sending.sent(environment), safety_backup=False)).json()
    place = f"/api/v1/uploads/{upload['upload_id']}"
    cancelled = await sending.api.client.post(f"{place}/cancel")
    assert (cancelled.status_code, cancelled.json()["status_message"]) == (202, "Being cancelled")
    await sending.fail(environment, upload)
    async with sending.api.client.stream("GET", f"{place}/progress") as events:
        told = [line async for line in events.aiter_lines()]
    assert "event: end" in told


async def test_a_script_is_told_that_an_upload_is_under_way(sending: Sending) -> None:
    environment, client = await sending.stopped(), sending.api.client
    place = f"/api/v2/apps/{environment['app_id']}/environments/{environment['environment_id']}"
    snapshot = (await client.post(f"{place}/snapshots")).json()["snapshot_id"]
    await sending.api.completed(environment, {"backup_id": snapshot})
    upload = (await sending.upload(environment, await sending.sent(environment), safety_backup=False)).json()
    refused = await client.post(f"{place}/restores", params={"source_snapshot_id": snapshot})
    assert (refused.status_code, refused.json()["errorCode"]) == (400, "ENVIRONMENT_BUSY"), refused.text
    assert upload["upload_id"] in refused.json()["errorMessage"]


async def test_an_upload_needs_rights_to_both_ends(sending: Sending) -> None:
    environment = await sending.stopped()
    parcel = await sending.sent(environment)
    place = f"/api/v1/environments/{environment['environment_id']}/uploads"
    asked = {"parcel_id": parcel["parcel_id"], "data_type": "files_only"}
    for scope in (Scope.CREATE, Scope.RESTORE):
        async with sending.api.connect(await sending.api.key_with(Scope.READ, scope)) as caller:
            assert (await caller.post(place, json=asked)).status_code == 403
