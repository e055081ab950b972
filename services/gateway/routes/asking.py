"""Query parameters that nobody knows, or that say two things: a misspelt `dry_run` that is passed over would act."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, get_args, get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from contracts.errors import RejectionCode
from services.gateway.domain.refusals import RefusalError
from services.gateway.domain.sessions import SAFE
from services.gateway.routes.errors import COMPATIBLE

FALSE: Final = frozenset({"false", "0", "no", "n", "off", "f"})
"""What plainly says that no dry run is wanted."""
DRY_RUN: Final = "POST /api/v1/environments/{environment_id}/restores?dry_run=true"
"""The one call that has a dry run."""


def must_be_known(request: Request) -> None:
    """Returns when the request's query parameters are known to its operation, each once where it says one thing.

    Raises RefusalError (400).

    The compatible API is lenient, since scripts send what they like: there only a dry run of a change is refused.
    """
    if not request.query_params:
        return
    if request.url.path.removeprefix(request.scope.get("root_path", "")).startswith(COMPATIBLE):
        _must_want_no_dry_run(request)
    else:
        _must_be_declared(request)


def _must_be_declared(request: Request) -> None:
    route = request.scope.get("route")
    known = dict(_declared(route.dependant)) if isinstance(route, APIRoute) else {}
    unknown = next((name for name in request.query_params if name not in known), None)
    if unknown is not None:
        takes = f"it takes {', '.join(sorted(known))}" if known else "it takes none"
        raise _refused(unknown, f"no such query parameter of this call, {takes}; nothing was done")
    again = next(
        (name for name, times in Counter(_names(request)).items() if times > 1 and not _is_list(known[name])), None
    )
    if again is not None:
        raise _refused(again, "it was given more than once: say which one holds; nothing was done")


def _names(request: Request) -> list[str]:
    return [name for name, _ in request.query_params.multi_items()]


def _must_want_no_dry_run(request: Request) -> None:
    if request.method in SAFE:
        return
    for name, value in request.query_params.multi_items():
        is_dry_run = name.lower().replace("_", "").replace("-", "") == "dryrun"
        if is_dry_run and value.strip().lower() not in FALSE:
            raise _refused(name, f"nothing was done, this call has no dry run: {DRY_RUN} has one")


def _declared(dependant: Dependant) -> Iterator[tuple[str, Any]]:
    """An operation's query parameters and what each takes, those of its dependencies and of models of several too."""
    for field in dependant.query_params:
        kind = field.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from ((one.alias or name, one.annotation) for name, one in kind.model_fields.items())
        else:
            yield field.alias, kind
    for below in dependant.dependencies:
        yield from _declared(below)


def _is_list(kind: Any) -> bool:  # noqa: ANN401 -- a type, or a union of some
    """Whether a parameter is given once for each of several things."""
    return any(get_origin(one) is list for one in (kind, *get_args(kind)))


def _refused(name: str, said: str) -> RefusalError:
    return RefusalError(400, RejectionCode.INVALID_PARAMETERS, f"{name}: {said}", field=name)
