"""The body of a part is not waited for without an end."""

import asyncio
from typing import Any

import pytest
from fastapi import Request

from services.gateway.domain.refusals import RefusalError
from services.gateway.routes import parcels


async def test_a_part_that_does_not_come_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never() -> Any:  # noqa: ANN401 -- ASGI's own type
        await asyncio.Event().wait()

    monkeypatch.setattr(parcels, "BODY_SECONDS", 0.1)
    with pytest.raises(RefusalError, match="send it again") as refused:
        await parcels.body_in_time(Request({"type": "http", "method": "PUT", "headers": []}, never))
    assert refused.value.status == 408
