"""What stands in the place of a manifest's chain once its dump was stored anew (contracts/FORMAT.md, "Erasure")."""

from typing import Literal
from uuid import UUID

from pydantic import ValidationError

from contracts.manifest import DumpChain, MalformedManifestError
from contracts.values import Value


class RewrittenChain(Value):
    """The chain of a backup's dump as it is stored now; the manifest itself is never changed."""

    format: Literal["nightkeep-chain"] = "nightkeep-chain"
    version: Literal[1] = 1
    backup_id: UUID
    environment_id: UUID
    chain: DumpChain


def parse_chain(data: bytes) -> RewrittenChain:
    """What `data` says. Raises MalformedManifestError, for one of a newer release too."""
    try:
        return RewrittenChain.model_validate_json(data)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise MalformedManifestError(f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}") from error
