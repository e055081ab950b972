"""`nightkeep upload` sends a file: each part once, also after a break, and asks before it clears anything."""

import asyncio
import json
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from typer.testing import CliRunner

from services.cli.__main__ import app
from services.cli.client import Gateway, RefusedError
from services.cli.sending import send
from services.gateway.domain.rights import Scope
from tests.support.gateway import ADMIN
from tests.support.sending import FILE, PART_BYTES, Sending


class Counted:
    """A client of the gateway that notes which parts it has sent, and whose line breaks once."""

    def __init__(self, sending: Sending, breaks_at: int | None = None) -> None:
        self.gateway = Gateway(sending.api.url, ADMIN, sending.api.key)
        self.sent: list[int] = []
        self._breaks_at = breaks_at
        self._put, self.gateway.send_part = self.gateway.send_part, self._send_part  # type: ignore[method-assign]  # -- to count

    def _send_part(self, parcel_id: UUID, number: int, data: bytes) -> None:
        if number == self._breaks_at:
            raise RefusedError("the line broke", status=httpx.codes.BAD_GATEWAY)
        self._put(parcel_id, number, data)
        self.sent.append(number)


async def test_a_file_that_broke_off_goes_on_where_it_ended(sending: Sending, tmp_path: Path) -> None:
    path, environment_id = tmp_path / "orders.tar.gz", UUID((await sending.stopped())["environment_id"])
    path.write_bytes(FILE)
    told: list[int] = []
    broken, whole = Counted(sending, breaks_at=2), Counted(sending)
    with pytest.raises(RefusedError, match="the line broke"):
        await asyncio.to_thread(send, broken.gateway, environment_id, path, told.append)
    parcel = await asyncio.to_thread(send, whole.gateway, environment_id, path, told.append)
    assert (broken.sent, whole.sent) == ([0, 1], [2, 3])
    assert told == [0, PART_BYTES, 2 * PART_BYTES, 2 * PART_BYTES, 3 * PART_BYTES]
    assert parcel.missing == []
    again = await asyncio.to_thread(send, whole.gateway, environment_id, path, told.append)
    assert (again.parcel_id, whole.sent) == (parcel.parcel_id, [2, 3])


async def test_nothing_is_cleared_unasked(sending: Sending, tmp_path: Path) -> None:
    path, environment = tmp_path / "orders.tar.gz", await sending.stopped()
    path.write_bytes(FILE)
    connection = {"NIGHTKEEP_URL": sending.api.url, "NIGHTKEEP_USER": ADMIN, "NIGHTKEEP_API_KEY": sending.api.key}
    arguments = ["upload", "create", str(path), "--into", environment["environment_id"], "--no-wait"]

    def run(answer: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, arguments, input=answer, env=connection)
        return done.exit_code, done.output

    code, output = await asyncio.to_thread(run, "n\n")
    assert (code, "will be cleared" in output) == (1, True)
    place = f"/api/v1/environments/{environment['environment_id']}/uploads"
    assert (await sending.api.client.get(place)).json()["uploads"] == []
    code, output = await asyncio.to_thread(run, "y\n")
    assert code == 0, output
    assert len((await sending.api.client.get(place)).json()["uploads"]) == 1


async def test_a_file_on_its_way_is_listed_and_given_up(sending: Sending) -> None:
    environment = await sending.stopped()
    begun, whole = (await sending.begin(environment)).json(), await sending.sent(environment, FILE[:1500])
    connection = {"NIGHTKEEP_URL": sending.api.url, "NIGHTKEEP_USER": ADMIN, "NIGHTKEEP_API_KEY": sending.api.key}

    async def run(*arguments: str) -> str:
        done = await asyncio.to_thread(CliRunner().invoke, app, ["upload", *arguments], env=connection)
        assert done.exit_code == 0, done.output
        return done.output

    listed = await run("parcels", environment["environment_id"])
    assert all(text in listed for text in (begun["parcel_id"], "0 of 4", whole["parcel_id"], "2 of 2"))
    await run("give-up", begun["parcel_id"])
    left = json.loads(await run("parcels", environment["environment_id"], "--json"))
    assert [one["parcel_id"] for one in left] == [whole["parcel_id"]]


async def test_who_may_send_no_file_is_shown_none(sending: Sending) -> None:
    place = f"/api/v1/environments/{(await sending.stopped())['environment_id']}/parcels"
    for scope, status in ((Scope.READ, 403), (Scope.CREATE, 200)):
        async with sending.api.connect(await sending.api.key_with(scope)) as caller:
            assert (await caller.get(place)).status_code == status
