"""An upload and an import that are asked for while the read model lags: accepted, once, and told as that."""

from uuid import UUID, uuid4

from tests.support.eventually import eventually
from tests.support.gateway import second_gateway
from tests.support.lagging import held_up
from tests.support.sending import Sending


async def test_an_upload_that_lags_is_accepted_once_and_not_known_yet(sending: Sending) -> None:
    api, environment = sending.api, await sending.stopped()
    parcel, key = await sending.sent(environment), {"Idempotency-Key": str(uuid4())}
    place = f"/api/v1/environments/{environment['environment_id']}/uploads"
    asked = {"parcel_id": parcel["parcel_id"], "data_type": "files_only", "safety_backup": False}

    async with (
        second_gateway(api) as other,
        other.connect(api.key) as hasty,
        held_up(api, "LOCK TABLE read.upload IN SHARE MODE"),
    ):
        first = await hasty.post(place, headers=key, json=asked)
        again = await hasty.post(place, headers=key, json=asked)
        early = await hasty.get(first.headers["location"])
        listed = await hasty.get(place)
    late = await api.client.post(place, headers=key, json=asked)

    assert (first.status_code, first.json()) == (202, {"accepted": True}), first.text
    assert (again.status_code, again.headers["location"]) == (202, first.headers["location"]), again.text
    assert (early.status_code, early.json()["errorCode"]) == (503, "NOT_KNOWN_YET"), early.text
    assert (listed.json()["uploads"], "nightkeep-read-lag" in listed.headers) == ([], True)
    assert late.status_code == 202, late.text
    assert first.headers["location"] == f"/api/v1/uploads/{late.json()['upload_id']}"


async def test_an_upload_is_told_again_when_it_has_ended_before_it_could_be_read(sending: Sending) -> None:
    api, environment = sending.api, await sending.stopped()
    parcel, key = await sending.sent(environment), {"Idempotency-Key": str(uuid4())}
    place = f"/api/v1/environments/{environment['environment_id']}/uploads"
    asked = {"parcel_id": parcel["parcel_id"], "data_type": "files_only", "safety_backup": False}

    async with (
        second_gateway(api) as other,
        other.connect(api.key) as hasty,
        held_up(api, "LOCK TABLE read.upload IN SHARE MODE"),
    ):
        first = await hasty.post(place, headers=key, json=asked)
        upload_id = first.headers["location"].rpartition("/")[2]
        await sending.fail(environment, {"upload_id": upload_id})
        await sending.swept(parcel)
        again = await hasty.post(place, headers=key, json=asked)
        another = await hasty.post(place, headers=key, json=asked | {"data_type": "database_only"})
    late = await api.client.post(place, headers=key, json=asked)

    assert (again.status_code, again.headers.get("location")) == (202, first.headers["location"]), again.text
    assert another.status_code == 409, another.text
    assert (late.status_code, late.json()["upload_id"]) == (202, upload_id), late.text


async def test_an_import_is_told_at_once_and_not_known_yet_where_it_cannot_be_read(sending: Sending) -> None:
    api, environment = sending.api, await sending.stopped()
    parcel, key = await sending.sent(environment), {"Idempotency-Key": str(uuid4())}
    place = f"/api/v1/environments/{environment['environment_id']}/imports"
    asked = {"parcel_id": parcel["parcel_id"], "model_version": "6.3.0"}

    async with (
        second_gateway(api) as other,
        other.connect(api.key) as hasty,
        held_up(api, "LOCK TABLE read.backup IN SHARE MODE"),
    ):
        first = await hasty.post(place, headers=key, json=asked)
        again = await hasty.post(place, headers=key, json=asked)
        early = await hasty.get(f"/api/v1/backups/{first.json()['backup_id']}")
    late = await api.client.post(place, headers=key, json=asked)

    assert (first.status_code, first.json()["state"]) == (202, "queued"), first.text
    assert (again.status_code, again.json()) == (202, first.json()), again.text
    assert (early.status_code, early.json()["errorCode"]) == (503, "NOT_KNOWN_YET"), early.text
    assert (late.status_code, late.json()["backup_id"]) == (202, first.json()["backup_id"]), late.text


async def test_an_import_is_told_again_when_it_has_ended_before_it_could_be_read(sending: Sending) -> None:
    api, environment = sending.api, await sending.stopped()
    parcel, key = await sending.sent(environment), {"Idempotency-Key": str(uuid4())}
    place = f"/api/v1/environments/{environment['environment_id']}/imports"
    asked = {"parcel_id": parcel["parcel_id"], "model_version": "6.3.0"}

    async with held_up(api, "LOCK TABLE read.backup IN SHARE MODE"):
        first = await api.client.post(place, headers=key, json=asked)
        backup_id = first.json()["backup_id"]
        await eventually(lambda: api.said(f"catalog/backup/{backup_id}"))
        history, stream = api.history(environment), f"snapshot/backup/{backup_id}"
        history.backup_id = UUID(backup_id)
        await api.tell(history.record(stream, "BackupStarted"), history.record(stream, "BackupFailed"))
        await sending.swept(parcel)
        again = await api.client.post(place, headers=key, json=asked)

    assert (again.status_code, again.json()) == (202, first.json()), again.text
