"""How a history is changed: what the faults share."""

import copy
import json
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.history.evidence import Evidence, Record
from tests.history.stored import StoredEnvironment, derived

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Fault = Callable[[Evidence], None]


def tampered(evidence: Evidence, fault: Fault) -> Evidence:
    """The same with one fault in it; `evidence` itself stays sound."""
    taken = {one.name: copy.copy(getattr(evidence, one.name)) for one in fields(evidence)}
    other = Evidence(**taken | {"rows": copy.deepcopy(evidence.rows)})
    fault(other)
    return other


def at(evidence: Evidence, name: str, number: int = 0) -> int:
    """Where an event of this name is among the events."""
    return [place for place, one in enumerate(evidence.events) if one.name == name][number]


def changed(record: Record, **data: object) -> Record:
    """The same record with other data."""
    return replace(record, value=json.dumps(record.data | data).encode())


def told_as(record: Record, **headers: str) -> Record:
    """The same behind everything that its partition has, with other headers."""
    return replace(record, headers={**record.headers, **headers}, offset=record.offset + 1_000_000)


def an_id(number: int) -> str:
    """One that nothing else has."""
    return f"00000000-0000-4000-8000-{number:012}"


def newest_manifest(evidence: Evidence, number: int = -1) -> str:
    """The key of the manifest of a backup that completed, in the order of the log."""
    done = [one.data["backup_id"] for one in evidence.events if one.name == "BackupCompleted"]
    manifests = [key for one in done for key in evidence.objects if key.endswith(f"/manifests/{one}")]
    return [key for key in manifests if evidence.objects[key][:4] == b"NKSO"][number]


def environment_of(evidence: Evidence, key: str) -> StoredEnvironment:
    """The one that an object belongs to."""
    return StoredEnvironment(evidence.objects, evidence.master_key, key.split("/")[1])


def manifest_at(evidence: Evidence, key: str) -> Any:  # noqa: ANN401 -- JSON
    """What a manifest says."""
    return environment_of(evidence, key).decision(key.rpartition("/")[2])


def seal_again(evidence: Evidence, key: str, manifest: object) -> None:
    """Put another manifest in the place of one, sealed as that is: by somebody who has the keys."""
    environment, head = environment_of(evidence, key), evidence.objects[key][:24]
    secret = derived(environment.data_key(int.from_bytes(head[6:8])), head[8:], "manifest")
    bound = head + UUID(key.split("/")[1]).bytes + key.encode()
    frame = zstd.compress(json.dumps(manifest).encode())
    evidence.objects[key] = head + AESGCM(secret).encrypt(bytes(12), frame, bound)
