"""What all resources share: bodies of requests, refusals, the size of a page."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Resource(BaseModel):
    """What an answer shows; how it is checked and written is worked out when it is first met, not at every start."""

    model_config = ConfigDict(defer_build=True)


class Asked(BaseModel):
    """The body of a request; a field that nobody knows is refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Refusal(Resource):
    """Why a request had no effect, or why that is not known yet; `field` names the culprit where there is one."""

    errorCode: str  # noqa: N815 -- the name that scripts of the Backups API know
    errorMessage: str  # noqa: N815 -- the same
    field: str | None = None


class Accepted(Resource):
    """A change that is accepted and cannot be read yet: look at Location in a moment."""

    accepted: Literal[True]


PageSize = Annotated[int, Field(ge=1, le=500)]
"""How many things one page may hold."""
