"""A file is sent in parts: it goes on after a break, and nothing but its own bytes is taken for it."""

import hashlib
from base64 import b64encode
from uuid import uuid4

import pytest

from contracts.defaults import PARCEL_PART_BYTES
from services.gateway.domain.rights import Scope
from services.gateway.resources.content_digest import content_digest
from tests.support.full_store import FullStore
from tests.support.sending import FILE, PART_BYTES, Sending


async def test_a_file_goes_on_where_it_broke_off(sending: Sending) -> None:
    environment, key = await sending.stopped(), str(uuid4())
    begun = await sending.begin(environment, key=key)
    assert begun.status_code == 201, begun.text
    parcel = begun.json()
    assert (parcel["parts"], parcel["received"], parcel["part_bytes"]) == (4, 0, PART_BYTES)
    assert begun.headers["Location"] == f"/api/v1/parcels/{parcel['parcel_id']}"
    await sending.parts(parcel, (2, 0))
    again = (await sending.begin(environment, key=key)).json()
    assert again["parcel_id"] == parcel["parcel_id"]
    assert again["missing"] == [{"first": 1, "last": 1}, {"first": 3, "last": 3}]
    await sending.parts(parcel, (3, 1, 1))
    whole = (await sending.api.client.get(begun.headers["Location"])).json()
    assert (whole["missing"], whole["received"]) == ([], 4)


async def test_a_part_that_finds_no_room_is_told_why_and_comes_when_there_is(
    sending: Sending, full_store: FullStore
) -> None:
    parcel = (await sending.begin(await sending.stopped())).json()
    await sending.parts(parcel, [0])
    full_store.room = 0
    try:
        refused = await sending.part(parcel, 1, FILE[PART_BYTES : 2 * PART_BYTES])
    finally:
        full_store.room = None
    assert (refused.status_code, refused.json()["errorCode"]) == (503, "SERVICE_UNAVAILABLE")
    assert refused.json()["errorMessage"] == "the platform has no room to store more: try again"
    assert "Retry-After" in refused.headers
    await sending.parts(parcel, [1, 2, 3])
    whole = (await sending.api.client.get(f"/api/v1/parcels/{parcel['parcel_id']}")).json()
    assert (whole["missing"], whole["received"]) == ([], 4)


async def test_what_is_kept_is_not_in_the_clear(sending: Sending) -> None:
    data = b"a secret that nobody may read " * 100
    parcel = await sending.sent(await sending.stopped(), data)
    kept = [await sending.store.get(key) for key in await sending.kept(parcel)]
    assert len(kept) == 3
    assert not any(b"secret" in one for one in kept)


@pytest.mark.parametrize(
    ("number", "data", "digest", "status", "words"),
    [
        (0, FILE[:999], None, 400, "has 1000 bytes, 999 came"),
        (3, FILE[:PART_BYTES], None, 400, "has 500 bytes, 1000 came"),
        (0, FILE[:PART_BYTES], "sha-256=:AAAA:", 400, "not what the sha-256 of its Content-Digest says"),
        (0, FILE[:PART_BYTES], "sha-256=AAAA", 400, "Content-Digest: 'sha-256=AAAA' is not of the form"),
        (4, b"x", None, 404, "has parts 0 to 3"),
        (-1, b"x", None, 404, "has parts 0 to 3"),
        (0, bytes(PARCEL_PART_BYTES + 1), None, 413, "larger than 8192 KiB"),
    ],
    ids=["too short", "too long", "another digest", "no digest", "behind the end", "before the begin", "too large"],
)
async def test_a_part_that_is_none_is_refused(  # noqa: PLR0913, PLR0917 -- what is sent, and what is said of it
    sending: Sending, number: int, data: bytes, digest: str | None, status: int, words: str
) -> None:
    parcel = (await sending.begin(await sending.stopped())).json()
    answer = await sending.part(parcel, number, data, digest)
    assert (answer.status_code, words in answer.json()["errorMessage"]) == (status, True), answer.text
    assert await sending.kept(parcel) == []


async def test_a_part_says_its_digests_by_any_algorithm_in_any_number_of_lines(sending: Sending) -> None:
    parcel, data = (await sending.begin(await sending.stopped())).json(), FILE[:PART_BYTES]
    right, wrong = f"sha-512=:{b64encode(hashlib.sha512(data).digest()).decode()}:", "sha-512=:AAAA:"
    said = [[right], [f"{right}, {content_digest(data)}"], ["md5=:AAAA:"], [content_digest(data), wrong]]
    headers = [[("Content-Digest", line) for line in lines] for lines in said]
    place = f"/api/v1/parcels/{parcel['parcel_id']}/parts/0"
    answers = [await sending.api.client.put(place, content=data, headers=one) for one in headers]
    assert [one.status_code for one in answers] == [204, 204, 204, 400]
    assert "sha-512" in answers[-1].json()["errorMessage"]


async def test_a_key_means_one_file(sending: Sending) -> None:
    environment, key = await sending.stopped(), str(uuid4())
    await sending.begin(environment, key=key)
    other = await sending.begin(environment, FILE[:-1], key=key)
    assert (other.status_code, other.json()["errorCode"]) == (409, "IDEMPOTENCY_KEY_REUSED")


async def test_a_store_is_not_filled_with_files_that_nobody_finishes(sending: Sending) -> None:
    environment = await sending.stopped()
    begun = [(await sending.begin(environment)).json() for _ in range(10)]
    refused = await sending.begin(environment)
    assert (refused.status_code, "give one up" in refused.json()["errorMessage"]) == (409, True)
    await sending.api.client.delete(f"/api/v1/parcels/{begun[0]['parcel_id']}")
    assert (await sending.begin(environment)).status_code == 201


async def test_what_was_given_up_goes(sending: Sending) -> None:
    parcel = await sending.sent(await sending.stopped())
    assert (await sending.api.client.delete(f"/api/v1/parcels/{parcel['parcel_id']}")).status_code == 204
    assert (await sending.part(parcel, 0, FILE[:PART_BYTES])).status_code == 404
    await sending.swept(parcel)


async def test_sending_needs_a_right_of_its_own(sending: Sending) -> None:
    parcel = (await sending.begin(await sending.stopped())).json()
    place = f"/api/v1/parcels/{parcel['parcel_id']}"
    async with sending.api.connect(await sending.api.key_with(Scope.READ, Scope.RESTORE)) as caller:
        assert (await caller.get(place)).status_code == 200
        assert (await caller.put(f"{place}/parts/0", content=FILE[:PART_BYTES])).status_code == 403
        assert (await caller.delete(place)).status_code == 403
