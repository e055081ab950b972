"""Which directories need not be listed again: the previous list has all that they held (spec: environments)."""

from typing import Final

MOST: Final = 100_000
"""So many are remembered, in some 30 MB; more are listed again. A million documents below `xx/yy` have 65,536."""


class Directories:
    """What the previous list says of directories, line by line.

    A state ends with how many entries the directory had. Where one of them is no line of the list (a stray, a document
    that cannot be read any more, one that is in the backup from elsewhere), it is listed again every time.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._stamps: dict[str, str] = {}
        self._missing: dict[str, int] = {}

    def add(self, place: str, state: str) -> None:
        """A document of the list that can be taken over, and the state of its directory; empty where it has none."""
        directory = place.rpartition("/")[0]
        stamp, _, count = state.rpartition("-")
        if directory not in self._stamps:
            if not stamp or len(self._stamps) == self._most:
                return
            self._stamps[directory], self._missing[directory] = stamp, int(count, 16)
        if self._stamps[directory] == stamp:
            self._missing[directory] -= 1

    def known(self) -> dict[str, str]:
        """Those of which all is known, by place, with the state without the count."""
        return {place: stamp for place, stamp in self._stamps.items() if not self._missing[place]}
