"""Takes dumps out of the bucket, for whoever loads them to see which rows they hold."""

from collections.abc import Iterator
from contextlib import suppress

from tests.history.checks.bucket import completed, environments
from tests.history.evidence import Evidence
from tests.history.stored import BrokenError


def dumps(evidence: Evidence, at_most: int) -> Iterator[bytes]:
    """Of backups of which is known which rows were written: all of them, or so many, evenly spread over the log.

    What cannot be read is told by the checks.
    """
    stored = environments(evidence)
    known = [one for one in completed(evidence).items() if _has_rows(evidence, one[0])]
    count = min(at_most, len(known))
    for number in range(count):
        backup_id, record = known[number * (len(known) - 1) // max(count - 1, 1)]
        environment = stored[str(record.data["environment_id"])]
        with suppress(BrokenError, KeyError, ValueError, TypeError):
            yield environment.sequence(environment.decision(backup_id)["database"])


def _has_rows(evidence: Evidence, backup_id: str) -> bool:
    written = evidence.written.get(backup_id)
    return written is not None and written.database is not None
