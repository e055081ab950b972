"""Who a stack is for life: its id, its generated passwords and its ports; kept in its directory."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Self
from uuid import UUID

from pydantic import BaseModel, SecretStr

from infra.local.engines.seaweedfs import DOORS
from infra.local.errors import StackError
from infra.local.layout import Layout
from infra.local.ports import TWIN, free_ports, is_free
from infra.local.private import write_private

SERVICES: Final = ("catalog", "snapshot", "restore", "retention", "replication", "gateway")
ENGINE_PASSWORDS: Final = ("kafka", "postgres", "s3")
PORTS: Final = (
    "gateway",
    "kafka",
    "postgres",
    "seaweedfs",
    "kafka-controller",
    *(f"seaweedfs-{door}" for door in DOORS[1:]),
    *(f"{service}-health" for service in SERVICES if service != "gateway"),
)
"""By name; the first four are what a person may ask for."""
PORTS_ASKED: Final = PORTS[:4]


class StackIdentity(BaseModel):
    """What is generated once."""

    stack_id: UUID
    created_at: datetime
    passwords: dict[str, str]
    ports: dict[str, int] = {}

    @classmethod
    def make(cls, stack_id: UUID, now: datetime) -> Self:
        """Make a new one, with passwords that nobody chose."""
        names = (*ENGINE_PASSWORDS, *SERVICES)
        return cls(stack_id=stack_id, created_at=now, passwords={name: secrets.token_urlsafe(24) for name in names})

    @classmethod
    def read(cls, layout: Layout) -> Self:
        """Read it from the stack's directory."""
        return cls.model_validate_json(layout.identity_file.read_text(encoding="utf-8"))

    def write(self, layout: Layout) -> None:
        """Keep it."""
        write_private(layout.identity_file, self.model_dump_json(indent=2))

    def password(self, name: str) -> SecretStr:
        """Return the password of an engine's administrator or of a service's role."""
        return SecretStr(self.passwords[name])

    def settle_ports(self, asked: Mapping[str, int]) -> tuple[Self, list[str]]:
        """Give each port its number: the asked one, else last time's, else a free one; with the names that moved.

        Raises `StackError` when an asked port is taken.
        """
        taken = [f"{name}={port}" for name, port in asked.items() if not is_free(port)]
        if taken:
            raise StackError(
                f"somebody listens on {', '.join(taken)} already, or {TWIN:,} above: name another port, or none"
            )
        kept = {name: port for name, port in {**self.ports, **asked}.items() if name in PORTS and is_free(port)}
        missing = [name for name in PORTS if name not in kept]
        found = dict(zip(missing, free_ports(len(missing), avoid=kept.values()), strict=True))
        moved = [name for name in missing if name in self.ports]
        return self.model_copy(update={"ports": {**kept, **found}}), moved
