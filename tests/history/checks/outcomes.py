"""Every command ends once, and callers were told how."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final
from uuid import UUID, uuid5

from tests.history.evidence import Call, Evidence, Finding, Record

CALLERS: Final = UUID("faffdb79-9182-4006-93f2-8ddf680908f5")
"""The gateway's commands are named after user and idempotency key below this."""
TOO_OFTEN: Final = 429
"""No answer to what was asked: the same call, a little later, gets one."""
NO_COMMANDS: Final = re.compile(r"/api/v1/(webhooks|dead-letters|status|keys|invitations)|/archives|/simulat|/parcels")
"""What the gateway does by itself."""
PEOPLE: Final = re.compile(r"/api/v1/users|/access/")
"""What it decides by itself, and tells on the log."""
DECIDER: Final = "nightkeep/catalog"
GATEWAY: Final = "nightkeep/gateway"
NO_EFFECTS: Final = frozenset({"CommandRejected", "RightUsed"})
"""That a call was let in is told beside what it did, and also where it was refused."""
UPLOAD: Final = "an upload and its safety backup"


def _outcomes(evidence: Evidence, decider: str = DECIDER) -> dict[str, list[Record]]:
    """What the decider said because of each command, and of nothing else."""
    caused: defaultdict[str, list[Record]] = defaultdict(list)
    for record in evidence.distinct():
        if record.headers.get("ce_source") == decider:
            caused[record.headers.get("ce_causationid", "")].append(record)
    return caused


def every_command_has_one_outcome(evidence: Evidence) -> Iterator[Finding]:
    """The events that it caused, decided together, or one refusal; and no refusal without a command."""
    caused = _outcomes(evidence)
    asked = {record.id for record in evidence.commands if record.id}
    for command_id in asked:
        outcome = caused.get(command_id, [])
        refusals = [record for record in outcome if record.name == "CommandRejected"]
        if not outcome:
            yield Finding("a command without an outcome", command_id)
        elif refusals and len(outcome) > 1:
            yield Finding("a command with two outcomes", command_id)
        elif len({(_stream(one), one.headers.get("ce_time")) for one in outcome}) > 1:
            yield Finding("a command decided twice", command_id)
    for record in evidence.distinct():
        if record.name == "CommandRejected" and record.data.get("command_id") not in asked:
            yield Finding("a refusal of nothing", record.id)


def _stream(record: Record) -> str | None:
    """The stream that was decided about; what is decided with it is in streams of its own.

    That is an upload's safety backup, and each backup of a shredding.
    """
    if shred_id := record.data.get("shred_id"):
        return f"shredding {shred_id}"
    beside = record.name == "BackupPinned" or record.data.get("kind") == "safety"
    return UPLOAD if beside or record.name == "UploadRequested" else record.headers.get("ce_subject")


def every_answer_is_what_was_decided(evidence: Evidence) -> Iterator[Finding]:
    """Who was told that it is accepted finds it on the log; who was refused does not; a key has one answer."""
    caused, of_people = _outcomes(evidence), _outcomes(evidence, GATEWAY)
    answers: defaultdict[str, set[bool]] = defaultdict(set)
    for call in evidence.calls:
        if call.method == "GET" or call.key is None or NO_COMMANDS.search(call.path):
            continue
        if call.status >= 500 or call.status == TOO_OFTEN:
            continue
        command_id = str(uuid5(uuid5(CALLERS, call.user), call.key))
        answers[command_id].add(call.status < 400)
        outcomes = of_people if PEOPLE.search(call.path) else caused
        yield from _told(call, command_id, outcomes.get(command_id, []))
    for command_id, told in answers.items():
        if len(told) > 1:
            yield Finding("one key, two answers", command_id)


def _told(call: Call, command_id: str, outcome: list[Record]) -> Iterator[Finding]:
    accepted = [record for record in outcome if record.name not in NO_EFFECTS]
    if call.status < 400 and not accepted:
        yield Finding("accepted and not on the log", f"{call.method} {call.path} ({command_id})")
    if call.status >= 400 and accepted:
        yield Finding("refused and on the log", f"{call.method} {call.path} ({command_id})")
