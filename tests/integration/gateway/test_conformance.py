"""The gateway answers whatever is sent as its OpenAPI document says: no defect, and no answer that is not described."""

import asyncio
import os
from typing import Any, Final

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

from services.gateway.domain.rights import ALL_SCOPES
from tests.support.gateway import Api
from tests.support.operations import AS_DESCRIBED, ENDS_WITHIN_SECONDS, operations

FULL: Final = os.environ.get("NIGHTKEEP_TEST_CONFORMANCE") == "full"
"""Some ten thousand requests, an hour or so: for a change of the routes, not for every run of the tests."""
EXAMPLES: Final = 200 if FULL else 3
"""Of each operation, as described and not: with 3 some hundred requests, about a minute."""
DEFECT: Final = 500
AWAY: Final = (503, "NOT_KNOWN_YET")
"""Said while an engine is slow, on a machine that is busy: it is no defect, and described. None is away here."""


@pytest.mark.timeout(6 * 3600 if FULL else 900)
async def test_every_operation_answers_as_it_is_described_whatever_is_sent(api: Api) -> None:
    key = await api.key_with(*ALL_SCOPES)

    assert await asyncio.to_thread(_fuzzed, api.url, key) > 300

    assert (await api.client.get("/api/v1/status")).status_code == httpx.codes.OK
    for webhook in (await api.client.get("/api/v1/webhooks")).json()["webhooks"]:
        await api.client.delete(f"/api/v1/webhooks/{webhook['webhook_id']}")


def _fuzzed(url: str, key: str) -> int:
    """How many requests were sent. Raises the failure of the first that was not answered as described."""
    sent = 0
    for found in operations(url):
        for mode in schemathesis.GenerationMode:
            sent += _sent(found.described, mode, key)
    return sent


def _sent(operation: Any, mode: schemathesis.GenerationMode, key: str) -> int:  # noqa: ANN401 -- an operation, as described
    sent = []

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def answers_as_described(case: Any) -> None:  # noqa: ANN401 -- a request, as generated
        headers = {"Authorization": f"Bearer {key}"}
        answer = case.call(headers=headers, timeout=ENDS_WITHIN_SECONDS, allow_redirects=False)
        sent.append(answer.status_code)
        no_defect = answer.status_code < DEFECT or (answer.status_code, answer.json()["errorCode"]) == AWAY
        assert no_defect, f"{case.as_curl_command()}\n{answer.text}"
        case.validate_response(answer, checks=AS_DESCRIBED)

    try:
        answers_as_described()
    except Unsatisfiable:
        return 0  # nothing is sent there that could be sent otherwise
    return len(sent)
