"""Nothing stays in the bucket that nobody knows of, or that nothing needs any more."""

import json
import re
from collections.abc import Iterator
from typing import Final

from tests.history.checks.bucket import environments, needed
from tests.history.checks.machines import BACKUP, states
from tests.history.evidence import Evidence, Finding
from tests.history.stored import BrokenError, StoredEnvironment

ID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
LAYOUT: Final = re.compile(
    rf"""
    keys/(?P<keyed>{ID})/(0|[1-9][0-9]*)
    | probe/{ID}/[0-9]+
    | environments/(?P<stored>{ID})/(
        packs/(?P<digits>[0-9a-f]{{2}})/(?=(?P=digits)){ID}
        | index/{ID}
        | manifests/{ID}(\.chain)?
        | begun/{ID}
        | condemned/{ID}/({ID}|complete)
        | damaged/{ID}
        | parcels/(?P<parcel>{ID})/[0-9]+
    )
    """,
    re.VERBOSE,
)
"""As contracts/FORMAT.md has it, without the first format: nothing writes that any more."""


def every_key_is_one_of_the_format(evidence: Evidence) -> Iterator[Finding]:
    """And of an environment that there is, and of a file that somebody sends."""
    known = environments(evidence)
    for key in evidence.objects:
        found = LAYOUT.fullmatch(key)
        if found is None:
            yield Finding("a key of an unknown shape", key)
            continue
        of = found["keyed"] or found["stored"]
        if of is not None and of not in known:
            yield Finding("bytes of no environment", key)
        if found["parcel"] is not None and found["parcel"] not in evidence.parcels:
            yield Finding("a part of no parcel", key)


def nothing_in_the_bucket_is_unheard_of(evidence: Evidence) -> Iterator[Finding]:
    """A manifest means a backup that the log has completed; what the log has deleted has none."""
    now, _ = states(evidence, "backup_id", BACKUP)
    for environment in environments(evidence).values():
        for backup_id in _decided(evidence, environment):
            is_manifest = environment.has_manifest(backup_id)
            if is_manifest and now.get(backup_id) not in {"completed", "expired", "deleting"}:
                yield Finding("a manifest of no backup", f"{backup_id} is {now.get(backup_id)!r}")


def no_marker_keeps_reclaim_waiting(evidence: Evidence) -> Iterator[Finding]:
    """At rest every backup has ended: one that had begun has a manifest or a tombstone, or its marker has gone."""
    for environment in environments(evidence).values():
        decided = set(_decided(evidence, environment))
        for key in _below(evidence, environment, "begun/"):
            if key.rpartition("/")[2] not in decided:
                yield Finding("a marker of a backup that never comes", key)


def nothing_dangles_after_reclaim(evidence: Evidence) -> Iterator[Finding]:
    """Every pack has something that a backup needs, unless it was not reclaimed yet; and so on."""
    if not evidence.reclaimed:
        return
    for key in evidence.unfinished:
        yield Finding("an object that was not put to its end", key)
    for environment_id, environment in environments(evidence).items():
        for look in (_packs, _indexes, _beside):
            try:
                yield from look(evidence, environment)
            except (BrokenError, KeyError, ValueError) as error:
                yield Finding("a backup that cannot be read", f"{environment_id}: {error}")


def _packs(evidence: Evidence, environment: StoredEnvironment) -> Iterator[Finding]:
    manifests = [environment.decision(one) for one in _decided(evidence, environment)]
    wanted = set().union(*(needed(environment, one) for one in manifests if one and "database" in one))
    for key, names in environment.packs().items():
        if not names & wanted:
            yield Finding("a pack that nothing needs", key)


def _indexes(evidence: Evidence, environment: StoredEnvironment) -> Iterator[Finding]:
    packs = set(_names(evidence, environment, "packs/"))
    for pack_id in environment.indexed().keys() - packs:
        yield Finding("an index of a pack that is gone", f"{environment.prefix}{pack_id}")


def _beside(evidence: Evidence, environment: StoredEnvironment) -> Iterator[Finding]:
    """Marks without an end, chains of backups that are gone, and what tells of damage to packs that are."""
    if _below(evidence, environment, "condemned/"):
        yield Finding("a mark that was not ended", environment.prefix)
    for key in _below(evidence, environment, "manifests/"):
        name, dot, _ = key.rpartition("/")[2].partition(".chain")
        if dot and not environment.has_manifest(name):
            yield Finding("a chain without a manifest", key)
    packs = set(_names(evidence, environment, "packs/"))
    for key in _below(evidence, environment, "damaged/"):
        if packs.isdisjoint(json.loads(evidence.objects[key])["packs"]):
            yield Finding("damage to packs that are gone", key)


def _decided(evidence: Evidence, environment: StoredEnvironment) -> list[str]:
    return [name for name in _names(evidence, environment, "manifests/") if not name.endswith(".chain")]


def _names(evidence: Evidence, environment: StoredEnvironment, what: str) -> list[str]:
    """What those of one kind are called."""
    return [key.rpartition("/")[2] for key in _below(evidence, environment, what)]


def _below(evidence: Evidence, environment: StoredEnvironment, what: str) -> list[str]:
    """The keys of one kind that an environment has."""
    return [key for key in evidence.objects if key.startswith(f"{environment.prefix}{what}")]
