"""The witness finds nothing in a history that is sound, and every kind of fault that is put into it."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import pytest

from tests.history.checks import findings
from tests.history.evidence import Evidence, Record
from tests.soak import works
from tests.soak.witness import evidence_of
from tests.soak.world import World

pytestmark = pytest.mark.timeout(1500)
LIFE: Final = (works.backup, works.letter, works.restore, works.shredding, works.reclaim, works.backup)


Fault = Callable[[Evidence], None]


def _at(evidence: Evidence, name: str, number: int = 0) -> int:
    return [place for place, one in enumerate(evidence.events) if one.name == name][number]


def _changed(record: Record, **data: object) -> Record:
    return replace(record, value=json.dumps(record.data | data).encode())


def _again(record: Record, after: int) -> Record:
    """The same effect as another event, at the next place of its stream and behind everything."""
    place = {"ce_id": "00000000-0000-4000-8000-000000000001", "ce_sequence": str(after)}
    return replace(record, headers={**record.headers, **place}, offset=record.offset + 1_000_000)


def a_lost_event(evidence: Evidence) -> None:
    del evidence.events[_at(evidence, "BackupRequested")]


def a_hole_in_a_stream(evidence: Evidence) -> None:
    del evidence.events[_at(evidence, "BackupStarted")]


def a_lost_last_event(evidence: Evidence) -> None:
    del evidence.events[_at(evidence, "BackupCompleted", -1)]


def a_lost_outcome(evidence: Evidence) -> None:
    at = _at(evidence, "CommandRejected")
    del evidence.events[at]


def a_doubled_effect(evidence: Evidence) -> None:
    evidence.events.append(_again(evidence.events[_at(evidence, "RestoreCompleted")], 3))


def a_command_decided_twice(evidence: Evidence) -> None:
    first = evidence.events[_at(evidence, "BackupRequested")]
    other = {"ce_id": "00000000-0000-4000-8000-000000000002", "ce_subject": "catalog/backup/another"}
    evidence.events.append(replace(first, headers={**first.headers, **other}, offset=first.offset + 1_000_000))


def two_events_at_one_place(evidence: Evidence) -> None:
    first = evidence.events[_at(evidence, "PackageDeployed")]
    other = {**first.headers, "ce_id": "00000000-0000-4000-8000-000000000003"}
    evidence.events.append(replace(first, headers=other, offset=first.offset + 1_000_000))


def one_id_with_two_bodies(evidence: Evidence) -> None:
    first = evidence.events[_at(evidence, "PackageDeployed")]
    evidence.events.append(replace(_changed(first, model_version="9"), offset=first.offset + 1_000_000))


def a_stream_on_two_partitions(evidence: Evidence) -> None:
    at = _at(evidence, "BackupCompleted")
    evidence.events[at] = replace(evidence.events[at], partition=(evidence.events[at].partition + 1) % 12)


def a_backup_that_failed_when_it_had_completed(evidence: Evidence) -> None:
    done = evidence.events[_at(evidence, "BackupCompleted", -1)]
    failed = replace(_again(done, 3), value=json.dumps(done.data).encode())
    evidence.events.append(replace(failed, headers={**failed.headers, "ce_type": "nightkeep.event.BackupFailed.v1"}))


def a_row_that_is_missing(evidence: Evidence) -> None:
    evidence.rows["backup"].popitem()


def a_row_of_nothing(evidence: Evidence) -> None:
    evidence.rows["restore"]["00000000-0000-4000-8000-000000000004"] = {}


def a_row_with_another_state(evidence: Evidence) -> None:
    next(iter(evidence.rows["backup"].values()))["state"] = "running"


def a_row_with_another_comment(evidence: Evidence) -> None:
    next(iter(evidence.rows["backup"].values()))["comment"] = "not what was said"


def an_answer_that_nobody_decided(evidence: Evidence) -> None:
    call = next(one for one in evidence.calls if one.status < 300 and one.path.endswith("/backups"))
    evidence.calls.append(replace(call, key="another key"))


def a_refusal_of_what_was_done(evidence: Evidence) -> None:
    at, call = next((at, one) for at, one in enumerate(evidence.calls) if one.path.endswith("/backups"))
    evidence.calls[at] = replace(call, status=409)


def a_manifest_that_is_gone(evidence: Evidence) -> None:
    del evidence.objects[_newest_manifest(evidence)]


def a_manifest_of_another_backup(evidence: Evidence) -> None:
    evidence.objects[_newest_manifest(evidence)] = evidence.objects[_newest_manifest(evidence, 0)]


def a_pack_that_is_gone(evidence: Evidence) -> None:
    del evidence.objects[next(key for key in evidence.objects if "/packs/" in key)]


def a_bit_that_rotted(evidence: Evidence) -> None:
    key = next(key for key in evidence.objects if "/packs/" in key)
    data = bytearray(evidence.objects[key])
    data[20] ^= 1
    evidence.objects[key] = bytes(data)


def an_index_that_is_gone(evidence: Evidence) -> None:
    for key in [key for key in evidence.objects if "/index/" in key]:
        del evidence.objects[key]


def a_manifest_that_came_after_its_deletion(evidence: Evidence) -> None:
    gone = evidence.events[_at(evidence, "BackupDeleted")].data["backup_id"]
    key = _newest_manifest(evidence)
    evidence.objects[key.rpartition("/")[0] + f"/{gone}"] = evidence.objects[key]


def a_mark_that_was_left(evidence: Evidence) -> None:
    prefix = _newest_manifest(evidence).partition("manifests/")[0]
    evidence.objects[f"{prefix}condemned/1/complete"] = b"{}"


def a_backup_of_less_than_was_written(evidence: Evidence) -> None:
    backup_id = _newest_manifest(evidence).rpartition("/")[2]
    more = {**evidence.written[backup_id].documents, "aa/bb/a-document": "0" * 64}
    evidence.written[backup_id] = replace(evidence.written[backup_id], documents=more)


def a_secret_in_an_event(evidence: Evidence) -> None:
    evidence.events[3] = _changed(evidence.events[3], note=f"the password is {evidence.secrets[0]}")


def a_secret_in_a_header(evidence: Evidence) -> None:
    first = evidence.events[0]
    evidence.events[0] = replace(first, headers={**first.headers, "ce_actor": evidence.secrets[1]})


def a_secret_in_a_dead_letter(evidence: Evidence) -> None:
    evidence.dead_letters[0] = replace(evidence.dead_letters[0], value=evidence.secrets[0].encode())


def a_secret_in_a_log(evidence: Evidence) -> None:
    evidence.texts["catalog.log"] += evidence.secrets[2]


def a_secret_in_arguments(evidence: Evidence) -> None:
    evidence.texts["arguments of 1"] = f"pg_dump --password {evidence.secrets[0]}"


def a_secret_in_an_error(evidence: Evidence) -> None:
    evidence.calls[0] = replace(evidence.calls[0], answer={"errorMessage": f"no such key {evidence.secrets[-1]}"})


FAULTS: Final[dict[Fault, set[str]]] = {
    a_lost_event: {"a command without an outcome", "a move outside the machine", "accepted and not on the log"},
    a_hole_in_a_stream: {"gap in a stream"},
    a_lost_last_event: {"read model and log disagree", "a manifest of no backup"},
    a_lost_outcome: {"a command without an outcome"},
    a_doubled_effect: {"an effect that happened twice"},
    a_command_decided_twice: {"a command decided twice", "an effect that happened twice"},
    two_events_at_one_place: {"one place, two events"},
    one_id_with_two_bodies: {"one id, two bodies"},
    a_stream_on_two_partitions: {"a stream on several partitions"},
    a_backup_that_failed_when_it_had_completed: {"a move outside the machine"},
    a_row_that_is_missing: {"read model and log disagree"},
    a_row_of_nothing: {"read model and log disagree"},
    a_row_with_another_state: {"read model and log disagree"},
    a_row_with_another_comment: {"read model and log disagree"},
    an_answer_that_nobody_decided: {"accepted and not on the log"},
    a_refusal_of_what_was_done: {"refused and on the log"},
    a_manifest_that_is_gone: {"a backup without its manifest"},
    a_manifest_of_another_backup: {"a backup that cannot be read"},
    a_pack_that_is_gone: {"a backup that cannot be read"},
    a_bit_that_rotted: {"a backup that cannot be restored"},
    an_index_that_is_gone: {"contents that no index tells of"},
    a_manifest_that_came_after_its_deletion: {"a manifest of no backup"},
    a_mark_that_was_left: {"a mark that was not ended"},
    a_backup_of_less_than_was_written: {"a backup that is not what was written"},
    a_secret_in_an_event: {"a secret in the open"},
    a_secret_in_a_header: {"a secret in the open"},
    a_secret_in_a_dead_letter: {"a secret in the open"},
    a_secret_in_a_log: {"a secret in the open"},
    a_secret_in_arguments: {"a secret in the open"},
    a_secret_in_an_error: {"a secret in the open"},
}
"""Each with rules that must tell of it; others may."""


async def test_a_sound_history_has_no_findings_and_every_fault_in_it_is_found(world: World) -> None:
    for work in LIFE:
        async for _ in work(world):
            pass
    evidence = await evidence_of(world, reclaimed=True)
    assert len(evidence.commands) > 10
    assert findings(evidence) == []
    assert dict(_missed(evidence)) == {}


def _missed(evidence: Evidence) -> Iterator[tuple[str, set[str]]]:
    """The faults of which something was not found, and what was found."""
    for fault, wanted in FAULTS.items():
        tampered = copy.copy(evidence)
        for name in ("events", "commands", "dead_letters", "calls", "objects", "written", "texts"):
            setattr(tampered, name, copy.copy(getattr(evidence, name)))
        tampered.rows = copy.deepcopy(evidence.rows)
        fault(tampered)
        found = {finding.rule for finding in findings(tampered)}
        if not wanted <= found:
            yield fault.__name__, found


def _newest_manifest(evidence: Evidence, number: int = -1) -> str:
    """The key of the manifest of a backup that completed, in the order of the log."""
    done = [one.data["backup_id"] for one in evidence.events if one.name == "BackupCompleted"]
    manifests = [key for one in done for key in evidence.objects if key.endswith(f"/manifests/{one}")]
    return [key for key in manifests if evidence.objects[key][:4] == b"NKSO"][number]
