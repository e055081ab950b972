"""The gateway's call about the audit."""

from collections.abc import Iterator

from services.cli.calling import Calling
from services.gateway.resources import AuditEntry, AuditQuestion


class AuditCalls(Calling):
    """Who asked for what, when, and what came of it."""

    def audit(self, question: AuditQuestion) -> Iterator[AuditEntry]:
        """The entries that are asked for, newest first; `question.limit` is how many are fetched at once."""
        asked = question.model_dump(mode="json", exclude_none=True)
        return self._pages("/api/v1/audit", "entries", AuditEntry, asked)
