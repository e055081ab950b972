"""A page begins after the last thing of the page before, whatever was added meanwhile."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.gateway.domain.paging import Instant, Spelling, to_cursor, to_instant, to_spelling
from services.gateway.domain.refusals import RefusalError

ID = UUID("5f0c2f0a-6f0e-4d5e-9f7a-0d8f0b7c1a11")


def test_a_place_in_time_survives_the_way_through_a_caller() -> None:
    place = Instant(datetime(2026, 3, 1, 19, 0, 0, 123456, tzinfo=UTC), ID)

    assert to_instant(to_cursor(place)) == place


def test_a_place_among_names_survives_whatever_the_name_holds() -> None:
    place = Spelling('naïve "quotes" / \\ \n', ID)

    assert to_spelling(to_cursor(place)) == place


def test_without_a_cursor_a_list_begins_at_its_beginning() -> None:
    assert to_instant(None) is None
    assert to_spelling(None) is None


@pytest.mark.parametrize(
    "cursor", ["", "x", "WyJhIl0=", "WzEsIDJd", "bm90IGpzb24=", "ä", "bnVsbA==", "W251bGwsbnVsbF0="]
)
def test_a_cursor_that_is_none_of_ours_is_refused_by_name(cursor: str) -> None:
    for read in (to_instant, to_spelling):
        with pytest.raises(RefusalError) as refused:
            read(cursor)
        assert (refused.value.status, refused.value.code, refused.value.field) == (400, "INVALID_PARAMETERS", "after")


def test_a_name_is_no_time() -> None:
    with pytest.raises(RefusalError):
        to_instant(to_cursor(Spelling("orders", ID)))
