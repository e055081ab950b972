"""The witness finds nothing in a history that is sound, and every kind of fault that is put into it."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from aiobotocore.session import get_session  # type: ignore[import-untyped]  # -- aiobotocore has no types

from tests import history
from tests.history.checks import findings
from tests.history.checks.outcomes import TOO_OFTEN
from tests.history.collecting import unfinished
from tests.history.evidence import Evidence
from tests.history.faults import FAULTS
from tests.history.faults.tampering import tampered
from tests.soak import outside_calls, works
from tests.soak.witness import evidence_of, places_of
from tests.soak.world import World

pytestmark = pytest.mark.timeout(1500)
LIFE: Final = (
    works.backup,
    works.letter,
    outside_calls.delivery,
    outside_calls.asking,
    works.restore,
    works.shredding,
    works.upload,
    works.reclaim,
    works.backup,
)
TRIES: Final = 30


async def test_a_sound_history_has_no_findings_and_every_fault_in_it_is_found(world: World) -> None:
    for work in LIFE:
        async for _ in work(world):
            pass
    await _until_seen(world)
    await world.caller.say("GET", f"/api/v1/backups/{uuid4()}")
    evidence = await evidence_of(world, reclaimed=True)
    assert len(evidence.commands) > 10
    assert len(evidence.loaded) > 2
    assert [call.status for call in evidence.calls if call.method == "GET"] == [404]
    assert findings(evidence) == []
    evidence.calls += [replace(call, status=TOO_OFTEN, answer=None) for call in evidence.calls if call.key]
    assert findings(evidence) == [], "who was told to come again later, and did, was told one thing"
    assert dict(_missed(evidence)) == {}
    await _begin(world, "environments/without-its-last-part")
    assert [key async for key in unfinished(places_of(world))] == ["environments/without-its-last-part"]


def test_every_rule_has_a_fault_that_it_must_tell_of() -> None:
    assert set(_rules()) == set().union(*FAULTS.values())


async def _until_seen(world: World) -> None:
    """Both tools have a secret to tell, and are over in an instant where little is stored."""
    for _ in range(TRIES):
        if world.arguments.count("pg_dump") and world.arguments.count("pg_restore"):
            return
        for work in (works.backup, works.restore):
            async for _ in work(world):
                pass
    raise AssertionError("the command lines of pg_dump and pg_restore were not seen")


async def _begin(world: World, key: str) -> None:
    """Begin to put an object in parts; nobody ends it."""
    places = places_of(world)
    async with get_session().create_client("s3", **places.s3) as client:
        await client.create_multipart_upload(Bucket=places.bucket, Key=places.prefix + key)


def _missed(evidence: Evidence) -> Iterator[tuple[str, set[str]]]:
    """The faults of which something was not found, and what was found."""
    for fault, wanted in FAULTS.items():
        found = {finding.rule for finding in findings(tampered(evidence, fault))}
        if not wanted <= found:
            yield fault.__name__, found


def _rules() -> Iterator[str]:
    """What the checks may tell, as it is written there; a rule whose name is made elsewhere has no fault either."""
    for path in (Path(history.__path__[0]) / "checks").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding":
                yield ast.literal_eval(node.args[0])
