"""Which function handles which command."""

import re
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any, Final

from contracts.envelope import Kind
from contracts.registry import BODIES
from services.catalog.adapters.desk import Desk
from services.catalog.handlers import apps, backups, environments, policies, restores, retention, uploads
from services.catalog.handlers.decided import Decided, Request

Handler = Callable[[Desk, Any, Request], Awaitable[Decided]]

_MODULES: Final[tuple[ModuleType, ...]] = (apps, environments, backups, restores, uploads, retention, policies)


def _handler(command: str) -> Handler:
    name = re.sub(r"(?<=.)(?=[A-Z])", "_", command).lower()
    found: list[Handler] = [getattr(module, name) for module in _MODULES if hasattr(module, name)]
    return found[0]


HANDLERS: Final[dict[type, Handler]] = {
    body: _handler(name) for (kind, name), body in BODIES.items() if kind is Kind.COMMAND
}
"""Every command of the contracts; one without a handler is an error at import."""
