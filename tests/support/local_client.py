"""Clients for services on this machine."""

from typing import Any

import httpx

from infra.local.http import UNVERIFIED


def loopback_client(**options: Any) -> httpx.AsyncClient:  # noqa: ANN401 -- whatever httpx takes
    """A client that loads no certificates: that takes longer than most questions, and is done for each client."""
    return httpx.AsyncClient(trust_env=False, verify=UNVERIFIED, **options)
