"""The operations of the API as its own document describes them, and calls of them that are answered as it says."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import schemathesis
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.asking import Asking, asking, told
from tests.support.pool import Things

AS_DESCRIBED: Final = [status_code_conformance, content_type_conformance, response_schema_conformance]
OWN_KEY: Final = schemathesis.Config.from_dict({"generation": {"with-security-parameters": False}})
"""Keys that are made up are answered 401, and nothing behind the doorkeeper would be asked."""
ENDS_WITHIN_SECONDS: Final = 120
OPEN: Final = frozenset({"open", "downloads"})


@dataclass(frozen=True)
class Operation:
    """One operation; `described` is schemathesis's."""

    described: Any

    @property
    def name(self) -> str:
        """As the document has it."""
        return str(self.described.definition.raw["operationId"])

    @property
    def is_open(self) -> bool:
        """Whether a secret opens it that is sent, whoever sends it."""
        return not OPEN.isdisjoint(self.described.definition.raw["tags"])

    @property
    def only_looks(self) -> bool:
        """Whether it changes nothing."""
        return self.described.method.upper() in ("GET", "HEAD")

    @property
    def removes(self) -> bool:
        """Whether something is not there any more afterwards."""
        return bool(self.described.method.upper() == "DELETE")

    @property
    def used(self) -> set[str]:
        """The names of the things that it is asked about."""
        return self._asking.used(self._parameters)

    def answer(self, things: Things, key: str) -> Response:
        """What it answers about these things. Raises where that is not described."""
        sent, names = self._asking, self._asking.names(self._parameters)
        body = {} if sent.body is None else {"body": told(sent.body, things), "media_type": _media_type(sent.body)}
        case = self.described.Case(
            path_parameters={name: things[thing] for name, thing in names.items()},
            query=told(sent.query, things),
            headers=told(sent.headers, things) | {"Authorization": f"Bearer {key}"},
            **body,
        )
        answer: Response = case.call(timeout=ENDS_WITHIN_SECONDS, allow_redirects=False)
        case.validate_response(answer, checks=AS_DESCRIBED)
        return answer

    @property
    def _asking(self) -> Asking:
        return asking(self.name)

    @property
    def _parameters(self) -> list[str]:
        return [one.name for one in self.described.path_parameters]


def operations(url: str) -> Iterator[Operation]:
    """All that the gateway there has."""
    for found in schemathesis.openapi.from_url(f"{url}/openapi.json", config=OWN_KEY).get_all_operations():
        assert isinstance(found, Ok)
        yield Operation(found.ok())


def _media_type(body: object) -> str:
    return "application/octet-stream" if isinstance(body, bytes) else "application/json"
