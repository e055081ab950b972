"""What a person typed, checked before it is sent: the same shapes as the gateway's, errors in the words of options."""

from collections.abc import Mapping
from typing import Any, TypeVar

import typer
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)


def checked(shape: type[M], given: Mapping[str, Any]) -> M:
    """`given` as a `shape`. Raises BadParameter that names all that lacks, or the wrong field, and never a value."""
    try:
        return shape.model_validate(given)
    except ValidationError as error:
        if lacking := _lacking(error):
            raise typer.BadParameter(f"not given: {', '.join(lacking)}") from None
        field, said = what_is_wrong(error)
        raise typer.BadParameter(f"{field}: {said}" if field else said) from None


def what_is_wrong(error: ValidationError) -> tuple[str, str]:
    """The first field that is wrong, and why; never a value."""
    problem = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in problem["loc"])
    return field, str(problem["msg"]).removeprefix("Value error, ")


def _lacking(error: ValidationError) -> list[str]:
    """Every field that must be there and is not."""
    return [".".join(map(str, problem["loc"])) for problem in error.errors() if problem["type"] == "missing"]
