"""Names that are not ASCII alone: sent in UTF-8 as terminals do, or in latin-1 as HTTP once was read."""

from secrets import token_hex

import pytest

from tests.integration.gateway.test_people import let_in
from tests.support.gateway import Api


@pytest.mark.parametrize(
    ("name", "sent", "encoding", "status"),
    [
        ("jörg", "jörg", "utf-8", 200),
        ("jörg", "JÖRG", "utf-8", 200),
        ("jörg", "jörg", "latin-1", 200),
        ("jÃ¶rg", "jÃ¶rg", "latin-1", 200),
        ("jÃ¶rg", "jÃ¶rg", "utf-8", 200),
        ("Łukasz", "łukasz", "utf-8", 200),
        ("jörg", "jörg", "cp437", 401),
        ("jörg", "jorg", "utf-8", 401),
        ("jörg", "jörge", "utf-8", 401),
        ("Łukasz", "łukasz", "iso8859-2", 401),
    ],
)
async def test_a_name_may_be_sent_in_utf_8_and_in_latin_1_and_is_still_to_be_the_keys(
    api: Api, name: str, sent: str, encoding: str, status: int
) -> None:
    end = f"-{token_hex(4)}"
    user = (await api.client.post("/api/v1/users", json={"name": name + end})).json()
    key = await let_in(api, user)
    shown = {b"Mendix-Username": (sent + end).encode(encoding), b"Mendix-ApiKey": key.encode()}
    async with api.connect() as caller:
        answer = await caller.get("/api/v1/status", headers=shown)
    assert answer.status_code == status, answer.text
