"""Direct links to archives: what is signed, and when a link is none of ours or over (spec: backups-api-v2)."""

import hmac
from datetime import UTC, datetime
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode
from uuid import UUID

PREFIX: Final = "/download/"
KEY_BYTES: Final = 32
LAST_SECOND: Final = 253_402_300_799
"""The end of the year 9999: what is later is no time."""


class Link(NamedTuple):
    """What a link leads to, and until when; `sha256` binds it to one index, and so to the same bytes.

    `given_to` is the id of the user who was shown it, "" in links of earlier releases.
    """

    archive_id: UUID
    file_name: str
    sha256: str
    ends_at: datetime
    given_to: str = ""

    @property
    def until(self) -> int:
        """Its end in seconds since 1970."""
        return int(self.ends_at.timestamp())


def address(link: Link, key: bytes) -> str:
    """Path and query of the link."""
    of_whom = {"for": link.given_to} if link.given_to else {}
    signed = urlencode({"until": link.until, **of_whom, "signature": signature(link, key)})
    return f"{PREFIX}{link.archive_id}/{quote(link.file_name)}?{signed}"


def signature(link: Link, key: bytes) -> str:
    """What only the gateway can write under this link."""
    kind = ("archive of", link.given_to) if link.given_to else ("archive",)
    told = "\n".join((*kind, str(link.archive_id), link.file_name, link.sha256, str(link.until)))
    return hmac.digest(key, told.encode(), "sha256").hex()


def is_ours(link: Link, shown: str, key: bytes) -> bool:
    """Whether we signed it; takes as long for a signature that is nearly right."""
    return hmac.compare_digest(signature(link, key).encode(), shown.encode(errors="replace"))


def end_of(until: int) -> datetime | None:
    """The instant that a link's `until` spells; None where it is none."""
    return datetime.fromtimestamp(until, UTC) if 0 <= until <= LAST_SECOND else None
