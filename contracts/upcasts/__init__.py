"""How data of an older version becomes data of the next one: plain dicts in, plain dicts out, a version at a time."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from contracts.envelope import Kind

Data = dict[str, Any]
Upcast = Callable[[Data], Data]
Upcasts = Mapping[tuple[Kind, str, int], Upcast]

UPCASTS: Final[Upcasts] = {}
"""Keyed by kind, name and the version that the data has. Every message is in its first version so far."""


def upcast(  # noqa: PLR0913 -- what identifies the data, and where it goes
    kind: Kind, name: str, data: Data, *, version: int, wanted: int, upcasts: Upcasts = UPCASTS
) -> Data:
    """`data` of `version` as data of the `wanted` version. Raises KeyError where a link of the chain is missing."""
    for step in range(version, wanted):
        data = upcasts[kind, name, step](data)
    return data
