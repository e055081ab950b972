"""What must hold of every history, each rule by itself; `findings` is all of them."""

from collections.abc import Callable, Iterator
from typing import Final

from tests.history.checks import bucket, endings, folds, leavings, machines, once, outcomes, silence, streams
from tests.history.evidence import Evidence, Finding

CHECKS: Final[tuple[Callable[[Evidence], Iterator[Finding]], ...]] = (
    streams.places_are_unique_and_without_gap,
    streams.a_stream_has_one_partition_and_its_order,
    outcomes.every_command_has_one_outcome,
    outcomes.every_answer_is_what_was_decided,
    once.an_effect_happens_once,
    once.a_night_is_planned_again_for_another_time,
    machines.states_move_along_their_machines,
    endings.what_was_accepted_ends,
    endings.no_database_is_left_behind,
    folds.the_read_model_is_the_fold_of_the_log,
    bucket.every_backup_is_in_the_bucket,
    bucket.every_backup_restores_to_what_was_written,
    leavings.every_key_is_one_of_the_format,
    leavings.nothing_in_the_bucket_is_unheard_of,
    leavings.no_marker_keeps_reclaim_waiting,
    leavings.nothing_dangles_after_reclaim,
    silence.no_secret_is_anywhere,
)


def findings(evidence: Evidence) -> list[Finding]:
    """Everything that must not be."""
    return [finding for check in CHECKS for finding in check(evidence)]
