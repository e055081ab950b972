"""How an actor is named to people."""

from typing import Final

NIGHTLY: Final = "Nightly"


def person(actor: str) -> str:
    """`user:Karla` is Karla; `nightly` is Nightly, as the backups page says; others stay as they are."""
    if actor == "nightly":
        return NIGHTLY
    return actor.removeprefix("user:")
