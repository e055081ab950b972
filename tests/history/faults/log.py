"""Faults of the log, and of what was asked and answered."""

from dataclasses import replace
from typing import Final

from tests.history.evidence import Evidence
from tests.history.faults.tampering import Fault, an_id, at, changed, told_as


def a_lost_event(evidence: Evidence) -> None:
    del evidence.events[at(evidence, "BackupRequested")]


def a_hole_in_a_stream(evidence: Evidence) -> None:
    del evidence.events[at(evidence, "BackupStarted")]


def a_lost_last_event(evidence: Evidence) -> None:
    del evidence.events[at(evidence, "BackupCompleted", -1)]


def a_restore_that_never_ended(evidence: Evidence) -> None:
    del evidence.events[at(evidence, "RestoreCompleted", -1)]


def a_backup_that_never_went(evidence: Evidence) -> None:
    del evidence.events[at(evidence, "BackupDeleted", -1)]


def a_lost_outcome(evidence: Evidence) -> None:
    del evidence.events[at(evidence, "CommandRejected")]


def a_doubled_effect(evidence: Evidence) -> None:
    done = evidence.events[at(evidence, "RestoreCompleted")]
    evidence.events.append(told_as(done, ce_id=an_id(1), ce_sequence="3"))


def a_hook_answered_twice(evidence: Evidence) -> None:
    _again(evidence, "HookAnswered")


def a_night_that_ended_twice(evidence: Evidence) -> None:
    _again(evidence, "SlotEnded")


def a_night_that_was_planned_twice(evidence: Evidence) -> None:
    _again(evidence, "SlotPlanned")


def a_check_that_found_something_twice(evidence: Evidence) -> None:
    _again(evidence, "EnvironmentChecked")


def space_that_was_reclaimed_twice(evidence: Evidence) -> None:
    _again(evidence, "SpaceReclaimed")


def _again(evidence: Evidence, name: str) -> None:
    """Told once more, as another event."""
    evidence.events.append(told_as(evidence.events[at(evidence, name)], ce_id=an_id(1), ce_sequence="9"))


def an_end_that_happened_twice(evidence: Evidence) -> None:
    answered = evidence.events[at(evidence, "HookAnswered")]
    failed = told_as(answered, ce_id=an_id(1), ce_sequence="2", ce_type="nightkeep.event.HookFailed.v1")
    evidence.events.append(failed)


def an_end_of_a_night_that_nobody_planned(evidence: Evidence) -> None:
    ended = at(evidence, "SlotEnded")
    evidence.events[ended] = changed(evidence.events[ended], slot_date="2001-01-01")


def a_night_that_ended_as_it_began(evidence: Evidence) -> None:
    ended = at(evidence, "SlotEnded")
    evidence.events[ended] = changed(evidence.events[ended], state="planned")


def a_command_decided_twice(evidence: Evidence) -> None:
    first = evidence.events[at(evidence, "BackupRequested")]
    evidence.events.append(told_as(first, ce_id=an_id(2), ce_subject="catalog/backup/another"))


def a_command_that_was_accepted_and_refused(evidence: Evidence) -> None:
    accepted, refused = (evidence.events[at(evidence, name)] for name in ("BackupRequested", "CommandRejected"))
    caused = accepted.headers["ce_causationid"]
    evidence.events.append(told_as(changed(refused, command_id=caused), ce_id=an_id(2), ce_causationid=caused))


def a_refusal_of_what_nobody_asked_for(evidence: Evidence) -> None:
    refused = at(evidence, "CommandRejected")
    evidence.events[refused] = changed(evidence.events[refused], command_id=an_id(5))


def two_events_at_one_place(evidence: Evidence) -> None:
    evidence.events.append(told_as(evidence.events[at(evidence, "PackageDeployed")], ce_id=an_id(3)))


def one_id_with_two_bodies(evidence: Evidence) -> None:
    first = evidence.events[at(evidence, "PackageDeployed")]
    evidence.events.append(told_as(changed(first, model_version="9")))


def a_stream_on_two_partitions(evidence: Evidence) -> None:
    done = at(evidence, "BackupCompleted")
    evidence.events[done] = replace(evidence.events[done], partition=(evidence.events[done].partition + 1) % 12)


def an_end_before_its_begin(evidence: Evidence) -> None:
    started, done = at(evidence, "BackupStarted"), at(evidence, "BackupCompleted")
    offsets = evidence.events[started].offset, evidence.events[done].offset
    evidence.events[done] = replace(evidence.events[done], offset=offsets[0])
    evidence.events[started] = replace(evidence.events[started], offset=offsets[1])


def a_backup_that_failed_when_it_had_completed(evidence: Evidence) -> None:
    done = evidence.events[at(evidence, "BackupCompleted", -1)]
    failed = told_as(done, ce_id=an_id(1), ce_sequence="3", ce_type="nightkeep.event.BackupFailed.v1")
    evidence.events.append(failed)


def a_comment_on_no_backup(evidence: Evidence) -> None:
    done = changed(evidence.events[at(evidence, "BackupCompleted")], backup_id=an_id(6), comment="of what?")
    evidence.events.append(told_as(done, ce_id=an_id(1), ce_sequence="3", ce_type="nightkeep.event.BackupCommented.v1"))


def an_answer_that_nobody_decided(evidence: Evidence) -> None:
    evidence.calls.append(replace(evidence.calls[_accepted(evidence)], key="another key"))


def a_refusal_of_what_was_done(evidence: Evidence) -> None:
    asked = _accepted(evidence)
    evidence.calls[asked] = replace(evidence.calls[asked], status=409)


def a_key_that_was_answered_two_ways(evidence: Evidence) -> None:
    evidence.calls.append(replace(evidence.calls[_accepted(evidence)], status=409))


def a_right_that_went_untold(evidence: Evidence) -> None:
    del evidence.events[at(evidence, "AccessRevoked")]


def a_removal_that_was_refused(evidence: Evidence) -> None:
    gone = next(n for n, one in enumerate(evidence.calls) if one.method == "DELETE" and "/users/" in one.path)
    evidence.calls[gone] = replace(evidence.calls[gone], status=409)


def an_invitation_that_was_accepted_twice(evidence: Evidence) -> None:
    accepted = evidence.events[at(evidence, "InvitationAccepted")]
    evidence.events.append(told_as(accepted, ce_id=an_id(1), ce_sequence="99"))


def _accepted(evidence: Evidence) -> int:
    """The first call that asked for a backup, and got it."""
    asked = [n for n, one in enumerate(evidence.calls) if one.method == "POST" and one.path.endswith("/backups")]
    return next(n for n in asked if evidence.calls[n].status < 300)


FAULTS: Final[dict[Fault, set[str]]] = {
    a_lost_event: {"a command without an outcome", "a move outside the machine", "accepted and not on the log"},
    a_hole_in_a_stream: {"gap in a stream"},
    a_lost_last_event: {"read model and log disagree", "a manifest of no backup", "work that never ended"},
    a_restore_that_never_ended: {"work that never ended"},
    a_backup_that_never_went: {"work that never ended"},
    a_lost_outcome: {"a command without an outcome"},
    a_doubled_effect: {"an effect that happened twice"},
    a_hook_answered_twice: {"an effect that happened twice", "an end that nothing began"},
    a_night_that_ended_twice: {"an effect that happened twice", "a move outside the machine"},
    a_night_that_was_planned_twice: {"a night that was planned twice"},
    a_check_that_found_something_twice: {"an effect that happened twice", "an end that nothing began"},
    space_that_was_reclaimed_twice: {"an effect that happened twice"},
    an_end_that_happened_twice: {"an end that nothing began"},
    an_end_of_a_night_that_nobody_planned: {"a move outside the machine"},
    a_night_that_ended_as_it_began: {"a move outside the machine"},
    a_command_decided_twice: {"a command decided twice", "an effect that happened twice"},
    a_command_that_was_accepted_and_refused: {"a command with two outcomes"},
    a_refusal_of_what_nobody_asked_for: {"a refusal of nothing"},
    two_events_at_one_place: {"one place, two events"},
    one_id_with_two_bodies: {"one id, two bodies"},
    a_stream_on_two_partitions: {"a stream on several partitions"},
    an_end_before_its_begin: {"a stream out of order"},
    a_backup_that_failed_when_it_had_completed: {"a move outside the machine"},
    a_comment_on_no_backup: {"said of what there is not"},
    an_answer_that_nobody_decided: {"accepted and not on the log"},
    a_refusal_of_what_was_done: {"refused and on the log"},
    a_key_that_was_answered_two_ways: {"one key, two answers"},
    a_right_that_went_untold: {"accepted and not on the log"},
    a_removal_that_was_refused: {"refused and on the log"},
    an_invitation_that_was_accepted_twice: {"an effect that happened twice"},
}
