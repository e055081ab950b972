"""How an API key reads: `nk_<key id>_<secret>`; the id finds the hash, so a key alone says whose it is."""

import re
from typing import Final, NamedTuple

PREFIX: Final = "nk"
KEY_ID_BYTES: Final = 6
SECRET_BYTES: Final = 32
"""256 bits: nobody guesses it, however fast the hash."""

_KEY: Final = re.compile(r"nk_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


class ApiKey(NamedTuple):
    """A key in the clear; it exists only in its owner's hands and for the moment of a check."""

    key_id: str
    secret: str

    def text(self) -> str:
        """As it is shown once."""
        return f"{PREFIX}_{self.key_id}_{self.secret}"


def parse(text: str) -> ApiKey | None:
    """The parts of a presented key; None when it cannot be one."""
    found = _KEY.fullmatch(text)
    return None if found is None else ApiKey(found[1], found[2])
