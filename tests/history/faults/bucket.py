"""Faults of what is stored."""

import json
from dataclasses import replace
from typing import Final

from tests.history.evidence import Evidence
from tests.history.faults.tampering import (
    Fault,
    an_id,
    at,
    changed,
    environment_of,
    manifest_at,
    newest_manifest,
    seal_again,
    told_as,
)


def a_manifest_that_is_gone(evidence: Evidence) -> None:
    del evidence.objects[newest_manifest(evidence)]


def a_database_of_an_attempt_that_is_over(evidence: Evidence) -> None:
    _left(evidence, "1")


def a_previous_database_that_was_told_to_be_gone(evidence: Evidence) -> None:
    done = evidence.events[at(evidence, "RestoreCompleted")]
    gone = told_as(done, ce_id=an_id(1), ce_sequence="9", ce_type="nightkeep.event.PreviousStateRemoved.v1")
    evidence.events.append(gone)
    _left(evidence, "previous")


def _left(evidence: Evidence, ending: str) -> None:
    restore_id = evidence.events[at(evidence, "RestoreCompleted")].data["restore_id"]
    evidence.databases = {*evidence.databases, f"nightkeep_{restore_id.replace('-', '')}_{ending}"}


def a_manifest_of_another_backup(evidence: Evidence) -> None:
    evidence.objects[newest_manifest(evidence)] = evidence.objects[newest_manifest(evidence, 0)]


def a_manifest_that_was_sealed_again(evidence: Evidence) -> None:
    key = newest_manifest(evidence)
    seal_again(evidence, key, manifest_at(evidence, key) | {"note": "nobody will notice"})


def a_hash_on_the_log_that_is_another_one(evidence: Evidence) -> None:
    done = at(evidence, "BackupCompleted", -1)
    evidence.events[done] = changed(evidence.events[done], manifest_hash="b3:" + "0" * 64)


def a_dump_that_is_a_list_of_documents(evidence: Evidence) -> None:
    key = newest_manifest(evidence)
    manifest = manifest_at(evidence, key)
    seal_again(evidence, key, manifest | {"database": manifest["database"] | manifest["files"]["listing"]})


def a_pack_that_is_gone(evidence: Evidence) -> None:
    del evidence.objects[next(key for key in evidence.objects if "/packs/" in key)]


def all_packs_but_that_of_the_list(evidence: Evidence) -> None:
    key = newest_manifest(evidence)
    listed = set(manifest_at(evidence, key)["files"]["listing"]["contents"])
    for pack in [one for one, names in environment_of(evidence, key).packs().items() if not names & listed]:
        del evidence.objects[pack]


def packs_of_no_backup(evidence: Evidence) -> None:
    for key in [key for key, data in evidence.objects.items() if "/manifests/" in key and data[:4] == b"NKSO"]:
        evidence.objects[key] = b"{}"


def a_bit_that_rotted(evidence: Evidence) -> None:
    key = next(key for key in evidence.objects if "/packs/" in key)
    data = bytearray(evidence.objects[key])
    data[20] ^= 1
    evidence.objects[key] = bytes(data)


def an_index_that_is_gone(evidence: Evidence) -> None:
    for key in [key for key in evidence.objects if "/index/" in key]:
        del evidence.objects[key]


def a_manifest_that_came_after_its_deletion(evidence: Evidence) -> None:
    gone = evidence.events[at(evidence, "BackupDeleted")].data["backup_id"]
    key = newest_manifest(evidence)
    evidence.objects[key.rpartition("/")[0] + f"/{gone}"] = evidence.objects[key]


def a_mark_that_was_left(evidence: Evidence) -> None:
    evidence.objects[_prefix(evidence) + f"condemned/{an_id(8)}/complete"] = b"{}"


def a_backup_of_less_than_was_written(evidence: Evidence) -> None:
    backup_id = newest_manifest(evidence).rpartition("/")[2]
    more = {**evidence.written[backup_id].documents, "aa/bb/a-document": "0" * 64}
    evidence.written[backup_id] = replace(evidence.written[backup_id], documents=more)


def a_backup_with_the_rows_of_an_earlier_one(evidence: Evidence) -> None:
    key, earlier = newest_manifest(evidence), newest_manifest(evidence, 0)
    seal_again(evidence, key, manifest_at(evidence, key) | {"database": manifest_at(evidence, earlier)["database"]})


def a_backup_of_fewer_rows_than_were_written(evidence: Evidence) -> None:
    backup_id = newest_manifest(evidence).rpartition("/")[2]
    evidence.written[backup_id] = replace(evidence.written[backup_id], database="0" * 64)


def a_key_that_the_format_does_not_know(evidence: Evidence) -> None:
    evidence.objects[newest_manifest(evidence) + ".json"] = b"{}"


def a_pack_below_the_digits_of_another(evidence: Evidence) -> None:
    key = next(key for key in evidence.objects if "/packs/" in key)
    evidence.objects[key.replace("/packs/", "/packs/zz/", 1)] = evidence.objects[key]


def a_key_of_an_environment_that_is_not_there(evidence: Evidence) -> None:
    evidence.objects[f"keys/{an_id(7)}/0"] = b"{}"


def a_part_that_nobody_sent(evidence: Evidence) -> None:
    evidence.objects[_prefix(evidence) + f"parcels/{an_id(7)}/0"] = b"NKPP"


def an_object_without_its_last_part(evidence: Evidence) -> None:
    evidence.unfinished = [next(key for key in evidence.objects if "/packs/" in key)]


def a_chain_of_a_backup_that_is_gone(evidence: Evidence) -> None:
    gone = evidence.events[at(evidence, "BackupDeleted")].data["backup_id"]
    evidence.objects[_prefix(evidence) + f"manifests/{gone}.chain"] = b"NKSO"


def a_marker_of_a_backup_without_a_decision(evidence: Evidence) -> None:
    evidence.objects[_prefix(evidence) + f"begun/{an_id(7)}"] = b""


def a_tombstone_that_went_before_its_marker(evidence: Evidence) -> None:
    gone = evidence.events[at(evidence, "BackupDeleted")].data
    prefix = f"environments/{gone['environment_id']}/"
    del evidence.objects[f"{prefix}manifests/{gone['backup_id']}"]
    evidence.objects[f"{prefix}begun/{gone['backup_id']}"] = b""


def damage_that_was_told_of_for_ever(evidence: Evidence) -> None:
    told = {"environment_id": _prefix(evidence).split("/")[1], "packs": [an_id(7)]}
    evidence.objects[_prefix(evidence) + f"damaged/{an_id(8)}"] = json.dumps(told).encode()


def _prefix(evidence: Evidence) -> str:
    return newest_manifest(evidence).partition("manifests/")[0]


FAULTS: Final[dict[Fault, set[str]]] = {
    a_database_of_an_attempt_that_is_over: {"a database that was left behind"},
    a_previous_database_that_was_told_to_be_gone: {"a database that was left behind"},
    a_manifest_that_is_gone: {"a backup without its manifest"},
    a_manifest_of_another_backup: {"a backup that cannot be read"},
    a_manifest_that_was_sealed_again: {"a manifest that is another one"},
    a_hash_on_the_log_that_is_another_one: {"a manifest that is another one"},
    a_dump_that_is_a_list_of_documents: {"a dump that is none"},
    a_pack_that_is_gone: {"a backup that cannot be read", "an index of a pack that is gone"},
    all_packs_but_that_of_the_list: {"a manifest without its contents"},
    packs_of_no_backup: {"a pack that nothing needs"},
    a_bit_that_rotted: {"a backup that cannot be restored"},
    an_index_that_is_gone: {"contents that no index tells of"},
    a_manifest_that_came_after_its_deletion: {"a manifest of no backup"},
    a_mark_that_was_left: {"a mark that was not ended"},
    a_key_that_the_format_does_not_know: {"a key of an unknown shape"},
    a_pack_below_the_digits_of_another: {"a key of an unknown shape"},
    a_key_of_an_environment_that_is_not_there: {"bytes of no environment"},
    a_part_that_nobody_sent: {"a part of no parcel"},
    an_object_without_its_last_part: {"an object that was not put to its end"},
    a_chain_of_a_backup_that_is_gone: {"a chain without a manifest"},
    a_marker_of_a_backup_without_a_decision: {"a marker of a backup that never comes"},
    a_tombstone_that_went_before_its_marker: {"a marker of a backup that never comes"},
    damage_that_was_told_of_for_ever: {"damage to packs that are gone"},
    a_backup_of_less_than_was_written: {"a backup that is not what was written"},
    a_backup_with_the_rows_of_an_earlier_one: {"a backup with other rows"},
    a_backup_of_fewer_rows_than_were_written: {"a backup with other rows"},
}
