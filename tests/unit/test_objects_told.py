"""What S3 servers say of their objects, however they say it."""

from datetime import UTC, datetime

import pytest

from services.platform.connectors.files.s3_listing import listed
from services.platform.objectstore import ObjectInfo
from services.platform.objectstore.s3_client import instant

PLACE = "00000000-0000-4000-8000-000000000001"
NOON = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-28T12:00:00Z",
        "2026-11-28T12:00:00.000Z",
        "2026-11-28T12:00:00.000000000Z",
        "2026-11-28T13:00:00+01:00",
        "Sat, 28 Nov 2026 12:00:00 GMT",
        "Saturday, 28-Nov-26 12:00:00Z",
    ],
)
def test_a_time_is_understood_in_whatever_form(text: str) -> None:
    assert instant(text) == NOON


@pytest.mark.parametrize("microsecond", [0, 1, 499_999, 500_000, 999_999])
def test_a_listing_that_knows_fractions_of_a_second_tells_the_state_that_an_answer_tells(microsecond: int) -> None:
    answered = ObjectInfo(PLACE, 5, '"e"', NOON)
    in_a_listing = ObjectInfo(PLACE, 5, '"e"', NOON.replace(microsecond=microsecond))
    assert listed(in_a_listing, settled=True) == listed(answered, settled=True)
