"""Why a service that runs is not relied on: it is asked itself, on the address where the supervisor asks it."""

from collections.abc import Mapping
from typing import Any

import httpx


def why_unready(client: httpx.Client, addresses: Mapping[str, str]) -> str | None:
    """A sentence on what the services at these addresses say is missing; None where all may be relied on again."""
    told = {name: _asked(client, address) for name, address in addresses.items()}
    return "; ".join(f"{name} {trouble}" for name, trouble in told.items() if trouble) or None


def _asked(client: httpx.Client, address: str) -> str | None:
    try:
        answer = client.get(f"http://{address}/readyz")
        return None if answer.is_success else _said(answer.json())
    except (httpx.HTTPError, ValueError, LookupError, TypeError, AttributeError):  # or it is somebody else
        return "does not answer: it is stopped, or its event loop stands still"


def _said(answer: dict[str, Any]) -> str:
    reasons: dict[str, str] = answer.get("reasons", {})
    missing = [reasons.get(name, name) for name, holds in answer["checks"].items() if not holds]
    return f"is not ready: {', '.join(missing)}"
