"""Small documents on their way to a destination: their bytes, or what gives them where they are written."""

from typing import Protocol


class Openable(Protocol):
    """A document that whoever writes it opens: perhaps a helper process, to which it goes pickled."""

    def opened(self) -> bytes:
        """Its bytes. What it raises, writing it raises."""
        ...


Small = bytes | Openable


def bytes_of(document: Small) -> bytes:
    """Now is the time to have them."""
    return document if isinstance(document, bytes) else document.opened()
