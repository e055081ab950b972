"""Direct links: only we make them, and every part of them is signed."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.domain.links import LAST_SECOND, Link, address, end_of, is_ours, signature

KEY = bytes(range(32))
KARLA = "00000031-0000-4000-8000-000000000000"
LINK = Link(
    UUID("9e107d9d-372b-4b68-8186-1a2b3c4d5e6f"),
    "database-9e107d9d-202611221200.backup",
    "ab" * 32,
    datetime(2026, 11, 22, 20, 0, tzinfo=UTC),
)


def test_a_link_says_where_until_when_and_that_it_is_ours() -> None:
    parts = urlsplit(address(LINK, KEY))
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert parts.path == f"/download/{LINK.archive_id}/{LINK.file_name}"
    assert query == {"until": "1795377600", "signature": signature(LINK, KEY)}
    assert is_ours(LINK, query["signature"], KEY)


def test_links_of_this_release_are_known_to_the_next() -> None:
    assert signature(LINK, KEY) == "4123a79f8707b445ba56eff4a735fb40c6379276a076bd62ae89bc281c62557d"


def test_a_link_says_whose_it_is() -> None:
    mine = LINK._replace(given_to=KARLA)
    query = parse_qs(urlsplit(address(mine, KEY)).query)
    assert query == {"until": ["1795377600"], "for": [KARLA], "signature": [signature(mine, KEY)]}
    assert signature(mine, KEY) == "21a4e940a003aacb4d41788a2f9523781a04cbbb3164ba7c76988eabd7821c0b"


@given(st.text(max_size=80))
def test_whatever_else_is_shown_is_none_of_ours(shown: str) -> None:
    assert not is_ours(LINK, shown, KEY)


def test_a_link_that_differs_in_anything_has_another_signature() -> None:
    others = (
        LINK._replace(archive_id=UUID(int=1)),
        LINK._replace(file_name="other"),
        LINK._replace(sha256="cd" * 32),
        LINK._replace(ends_at=datetime(2026, 11, 22, 20, 0, 1, tzinfo=UTC)),
        LINK._replace(given_to=KARLA),
        LINK._replace(given_to=str(UUID(int=1))),
    )
    assert len({signature(link, KEY) for link in (LINK, *others)}) == 7
    assert signature(LINK, KEY) != signature(LINK, bytes(32))


def test_an_end_is_an_instant_or_none() -> None:
    assert end_of(LINK.until) == LINK.ends_at
    assert end_of(LAST_SECOND) is not None
    assert end_of(LAST_SECOND + 1) is None
    assert end_of(-1) is None
