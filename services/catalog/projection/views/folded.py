"""A row of the read model after an event: the decision row's fold, and what a reader is told beside it."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from services.catalog.domain.state.aggregate import changed

V = TypeVar("V", bound=BaseModel)


def folded(view: type[V], before: V | None, state: BaseModel, told: Mapping[str, Any]) -> V:
    """`state`, which a fold made of `before`, as a `view` with what else was `told`.

    A fold keeps the class of what it changes: only what an event begins is made, and checked, anew.
    """
    if isinstance(state, view):
        known = vars(state).items() >= told.items()  # so it is after most events, and a copy costs as much as the fold
        return state if known else changed(state, **told)
    return view.model_validate({**(vars(before) if before else {}), **vars(state), **told})
