"""What the next dump is stored against: which earlier one, and which stretch of it. Pure rules."""

from dataclasses import dataclass
from typing import Final

from contracts.manifest import CONTENT_BYTES, DatabasePart, DumpChain, DumpImage
from services.platform.repository.forms import Stretch

ANCHOR_AT: Final = 0.04
"""A night that took a larger share of the full dump becomes the anchor of the next ones: they begin at 1 % again."""
REBASE_AT: Final = 0.30
"""Above it an anchor costs as much as a full dump saves in the nights after it."""
MARGIN_BYTES: Final = 2 * 1024 * 1024
"""On both sides of a stretch: what moved by less is still found."""
LEAST_BYTES: Final = 1024
"""Less is no help."""
READ_ONCE: Final = 1.5
"""Of what a base takes in the store: each stretch once, and the ends of what has moved twice."""
READ_ANYWAY_BYTES: Final = 8 * 1024 * 1024
"""Small contents are read with their neighbours."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The dumps to build upon: none (a full dump), a full one, or a full one and an anchor upon it."""

    full: DumpImage | None = None
    full_stored_bytes: int = 0
    anchor: DumpImage | None = None

    @property
    def base(self) -> DumpImage | None:
        """The one to compare with."""
        return self.anchor or self.full

    @property
    def depth(self) -> int:
        """How many deltas a content may be made of."""
        return 2 if self.anchor else 1 if self.full else 0


def plan(previous: DatabasePart | None) -> Plan:
    """After the dump of the previous backup. Two deltas upon each other at most: anchors stand on full dumps only."""
    if previous is None or previous.chain is None:
        return Plan()
    chain = previous.chain
    if chain.full is None:
        return Plan(image(previous), chain.own_stored_bytes)
    share = chain.own_stored_bytes / max(1, chain.full_stored_bytes)
    if share <= ANCHOR_AT:
        return Plan(chain.full, chain.full_stored_bytes, chain.anchor)
    if chain.anchor is not None:
        return Plan(chain.full, chain.full_stored_bytes)
    if share <= REBASE_AT:
        return Plan(chain.full, chain.full_stored_bytes, image(previous))
    return Plan()


def image(part: DatabasePart) -> DumpImage:
    """What a later dump must know of this one."""
    chain = part.chain or DumpChain(prints=(), bases=(), own_stored_bytes=0)
    return DumpImage(contents=part.contents, prints=chain.prints, bases=chain.bases, bytes=part.bytes)


def most_read(stored_bytes: int) -> float:
    """How much a night may read of what it builds upon, which takes so many bytes; the rest it stores whole.

    So a dump in which everything lies elsewhere than in the base does not read that again for every segment.
    """
    return READ_ONCE * stored_bytes + READ_ANYWAY_BYTES


def stretch(base: DumpImage, begin: int, size_bytes: int) -> Stretch | None:
    """What `base` has from about `begin` on; None when that is outside of it, or next to nothing."""
    first = max(0, begin - MARGIN_BYTES)
    last = min(base.bytes, begin + size_bytes + MARGIN_BYTES)
    if last - first < LEAST_BYTES:
        return None
    contents = base.contents[first // CONTENT_BYTES : (last - 1) // CONTENT_BYTES + 1]
    return Stretch(contents, first % CONTENT_BYTES, last - first)
