"""The witness finds nothing in a history that is sound, and every kind of fault that is put into it."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from contracts.envelope import Event
from contracts.registry import BODIES
from contracts.states import MACHINES
from tests import history
from tests.history.checks import CHECKS, endings, findings, machines, once
from tests.history.checks.folds import FOLDS
from tests.history.checks.outcomes import TOO_OFTEN
from tests.history.collecting import s3_client, unfinished
from tests.history.evidence import Evidence
from tests.history.faults import FAULTS, rows
from tests.history.faults.tampering import tampered
from tests.soak import outside_calls, rights, unasked, works
from tests.soak.witness import evidence_of, places_of
from tests.soak.world import World

pytestmark = pytest.mark.timeout(1500)
LIFE: Final = (
    works.backup,
    works.letter,
    outside_calls.delivery,
    outside_calls.asking,
    rights.access,
    rights.signing_in,
    rights.policy,
    works.restore,
    works.preflight,
    works.shredding,
    works.upload,
    unasked.night,
    works.reclaim,
    works.backup,
)
TRIES: Final = 30
AWAY: Final = 503
"""On a busy machine an engine may not answer in time; who called asks again."""
WAITS: Final = {"PolicyApplicationRequested"}
"""What may wait for a person for ever."""


async def test_a_sound_history_has_no_findings_and_every_fault_in_it_is_found(world: World) -> None:
    for work in LIFE:
        async for _ in work(world):
            pass
    await _until_seen(world)
    nowhere = f"/api/v1/backups/{uuid4()}"
    await world.caller.say("GET", nowhere)
    evidence = await evidence_of(world, reclaimed=True)
    assert len(evidence.commands) > 10
    assert {one.name for one in evidence.progress} == {"JobProgressed"}
    assert len(evidence.loaded) > 2
    looks = [call for call in evidence.calls if call.method == "GET" and call.status != AWAY]
    assert [(call.path, call.status) for call in looks] == [(nowhere, 404)]
    assert findings(evidence) == []
    evidence.calls += [replace(call, status=TOO_OFTEN, answer=None) for call in evidence.calls if call.key]
    assert findings(evidence) == [], "who was told to come again later, and did, was told one thing"
    assert dict(_missed(evidence)) == {}
    assert {table: set().union(*fold(evidence).values()) for table, fold in FOLDS.items()} == rows.COMPARED
    await _begin(world, "environments/without-its-last-part")
    assert [key async for key in unfinished(places_of(world))] == ["environments/without-its-last-part"]


def test_every_rule_has_a_fault_that_it_must_tell_of() -> None:
    assert set(_rules()) == set().union(*FAULTS.values())


def test_every_event_was_judged_whether_it_may_happen_again() -> None:
    events = {body.__name__: set(body.model_fields) for body in BODIES.values() if issubclass(body, Event)}
    assert sorted([*once.ONCE, *once.OFTEN]) == sorted(events)
    assert [name for name, named_by in once.ONCE.items() if not set(named_by.split("/")) <= events[name]] == []


def test_whatever_is_asked_for_has_an_end_and_machines_are_those_of_the_specification() -> None:
    asked = {body.__name__ for body in BODIES.values() if issubclass(body, Event)} - once.OFTEN
    asked = {name for name in asked if name.endswith("Requested") and not name.endswith("CancelRequested")}
    assert asked - set().union(*(begins for begins, *_ in endings.ENDS + endings.GOES)) == WAITS
    drawn = [_edges(moves) for moves in machines.MACHINES.values()]
    assert drawn == [{(before, after) for before in one for after in one[before]} for one in MACHINES.values()]


def _edges(moves: machines.Moves) -> set[tuple[str, str]]:
    """From where to where, without what stays where it is."""
    found = set()
    for before, into in moves.values():
        afters = {into} if isinstance(into, str) else into
        found |= {(one, after) for one in before - {machines.NONE} for after in afters if one != after}
    return found


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
    async with s3_client(places) as client:
        await client.create_multipart_upload(Bucket=places.bucket, Key=places.prefix + key)


def _missed(evidence: Evidence) -> Iterator[tuple[str, set[str]]]:
    """The faults of which something was not found, and what was found."""
    for fault, wanted in FAULTS.items():
        other, found = tampered(evidence, fault), set[str]()
        for check in CHECKS:
            found |= {finding.rule for finding in check(other)}
            if wanted <= found:
                break  # what costs most comes last, and most faults are found before
        else:
            yield fault.__name__, found


def _rules() -> Iterator[str]:
    """What the checks may tell, as it is written there; a rule whose name is made elsewhere has no fault either."""
    for path in (Path(history.__path__[0]) / "checks").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding":
                yield ast.literal_eval(node.args[0])
