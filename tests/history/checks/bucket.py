"""The bucket holds what the log says that it holds, all of it."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from tests.history.checks.machines import BACKUP, states
from tests.history.evidence import Evidence, Finding, Record
from tests.history.stored import BrokenError, StoredEnvironment, named_by


def completed(evidence: Evidence) -> dict[str, Record]:
    """What was said at the end of each backup whose bytes must still be there."""
    now, _ = states(evidence, "backup_id", BACKUP)
    told = {str(one.data["backup_id"]): one for one in evidence.distinct() if one.name == "BackupCompleted"}
    return {backup_id: record for backup_id, record in told.items() if now[backup_id] in {"completed", "expired"}}


def environments(evidence: Evidence) -> dict[str, StoredEnvironment]:
    """Every environment that there ever was."""
    told = {str(one.data["environment_id"]) for one in evidence.distinct() if one.name == "EnvironmentRegistered"}
    return {one: StoredEnvironment(evidence.objects, evidence.master_key, one) for one in sorted(told)}


def every_backup_is_in_the_bucket(evidence: Evidence) -> Iterator[Finding]:
    """Its manifest, unchanged, and every content that it needs, in a pack and in an index."""
    stored = environments(evidence)
    for backup_id, record in completed(evidence).items():
        environment = stored[str(record.data["environment_id"])]
        try:
            yield from _whole(environment, backup_id, record)
        except (BrokenError, KeyError, ValueError, IndexError) as error:
            yield Finding("a backup that cannot be read", f"{backup_id}: {error}")


def _whole(environment: StoredEnvironment, backup_id: str, record: Record) -> Iterator[Finding]:
    manifest = environment.decision(backup_id)
    if manifest is None or "database" not in manifest:
        yield Finding("a backup without its manifest", backup_id)
        return
    if environment.hash_of(backup_id) != record.data["manifest_hash"]:
        yield Finding("a manifest that is another one", backup_id)
    wanted = needed(environment, manifest)
    packed = set().union(*environment.packs().values())
    indexed = set().union(*environment.indexed().values())
    if wanted - packed:
        yield Finding("a manifest without its contents", f"{backup_id}: {len(wanted - packed)} are in no pack")
    if wanted - indexed:
        yield Finding("contents that no index tells of", f"{backup_id}: {len(wanted - indexed)}")


def needed(environment: StoredEnvironment, manifest: Any) -> set[str]:  # noqa: ANN401 -- JSON
    """Every content without which the backup cannot be read. Raises BrokenError."""
    return named_by(manifest) | {name for line in _lines(environment, manifest) for name in line["contents"]}


def _lines(environment: StoredEnvironment, manifest: Any) -> list[Any]:  # noqa: ANN401 -- JSON
    return [json.loads(line) for line in environment.sequence(manifest["files"]["listing"]).splitlines() if line]


def every_backup_restores_to_what_was_written(evidence: Evidence) -> Iterator[Finding]:
    """Document by document, byte by byte; and the dump to the same rows, where it was loaded."""
    stored = environments(evidence)
    for backup_id, record in completed(evidence).items():
        environment = stored[str(record.data["environment_id"])]
        try:
            manifest = environment.decision(backup_id)
            dump = environment.sequence(manifest["database"])
            found = {line["place"]: environment.sequence(line) for line in _lines(environment, manifest)}
        except (BrokenError, KeyError, ValueError, TypeError) as error:
            yield Finding("a backup that cannot be restored", f"{backup_id}: {error}")
            continue
        if not dump.startswith(b"PGDMP"):
            yield Finding("a dump that is none", backup_id)
        written = evidence.written.get(backup_id)
        if written and {at: hashlib.sha256(data).hexdigest() for at, data in found.items()} != written.documents:
            yield Finding("a backup that is not what was written", backup_id)
        rows = evidence.loaded.get(hashlib.sha256(dump).hexdigest())
        if written and None not in (rows, written.database) and rows != written.database:
            yield Finding("a backup with other rows", backup_id)
