"""What of a dump needs more rights than the environment's role has: where somebody wrote it, that is refused."""

from collections.abc import Iterable
from typing import Final

from contracts.values import Warning  # noqa: A004 -- the product's word

OF_OTHERS: Final = frozenset({
    "EXTENSION_NOT_RESTORED", "PUBLICATION_NOT_RESTORED", "EVENT_TRIGGER_NOT_RESTORED",
})  # fmt: skip
"""What only somebody with more rights could create. Grants and policies need roles, and a role may just not be here."""


def more_rights(left: Iterable[Warning]) -> str | None:
    """What could not be created, in words; None where the role's own rights were enough."""
    named = [example for warning in left if warning.code in OF_OTHERS for example in warning.examples]
    if not named:
        return None
    return (
        f"the environment's role may not create all that the dump holds: {'; '.join(named)}. "
        "Have an operator allow the extension, or leave it out of the dump"
    )
