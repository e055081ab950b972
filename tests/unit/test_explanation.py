"""Why a backup is there or not any more, as its history says: every deletion explains itself."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.events.retention import BlockerKind
from contracts.explanation import Clocks, Explanation, HistoryLine, explain
from contracts.states import BackupState
from tests.support.histories import History
from tests.support.shop import night

NOW = datetime(2027, 6, 1, tzinfo=UTC)
SWEEP, LEASE = UUID(int=11), UUID(int=12)
MONTHLY = ["daily", "weekly", "monthly"]
WINDOWS = [
    {"window": "daily", "ends_at": "2026-03-15T19:00:02Z"},
    {"window": "weekly", "ends_at": "2026-06-01T19:00:02Z"},
    {"window": "monthly", "ends_at": "2027-03-01T19:00:02Z"},
]
PARCEL = {"parcel_id": str(UUID(int=13)), "size_bytes": 48_000_000, "part_bytes": 8_388_608, "sha256": "0" * 64}
REQUESTED = {
    "kind": "nightly",
    "created_at": "2026-03-01T19:00:02Z",
    "created_by": "Nightly",
    "slot_date": "2026-03-01",
    "tiers": MONTHLY,
    "windows": WINDOWS,
    "expires_at": "2027-03-01T19:00:02Z",
    "policy": "classic",
    "policy_version": 1,
    "slot": night("2026-03-01"),
    "fills_gap": None,
}


class Tale:
    """The history of one backup, line by line."""

    def __init__(self, **changes: object) -> None:
        self._history = History()
        self.lines: list[HistoryLine] = []
        self.say("2026-03-01T19:00:02Z", "BackupRequested", actor="nightly", **REQUESTED | changes)

    def say(self, at: str, name: str, *, actor: str = "user:Karla", **changes: object) -> None:
        data = self._history.body(name, **changes).model_dump(mode="json")
        self.lines.append(
            HistoryLine(at=datetime.fromisoformat(at), actor=actor, said_by="catalog", what=name, data=data)
        )

    def completed(self) -> None:
        self.say("2026-03-01T19:10:00Z", "BackupStarted")
        self.say("2026-03-01T19:12:00Z", "BackupCompleted", finished_at="2026-03-01T19:12:00Z")

    def held(self, at: str, *blockers: Mapping[str, Any]) -> None:
        told = {"held_at": at, "expires_at": "2027-03-01T19:00:02Z", "sweep_id": str(SWEEP)}
        self.say(at, "ExpiryHeld", actor="retention", **told, blockers=list(blockers))

    def explained(self, now: datetime = NOW, postgresql: datetime | None = None, **told: Any) -> Explanation:  # noqa: ANN401 -- as explain
        return explain(self.lines, Clocks(now, postgresql or now), **told)


def test_an_expired_backup_tells_tiers_windows_rule_holds_clock_and_who_asked() -> None:
    tale = Tale()
    tale.completed()
    tale.say("2026-04-01T08:00:00Z", "BackupPinned", reason="audit")
    guard = {"kind": "last_good", "reason": "it is the newest completed backup of its environment"}
    tale.held("2027-03-01T19:05:00Z", guard, {"kind": "pin", "reason": "it is pinned (audit)"})
    tale.say("2027-03-02T19:12:00Z", "BackupUnpinned")
    released = {"released_at": "2027-03-03T19:12:00Z"}
    tale.say("2027-03-03T19:12:00Z", "ExpiryReleased", actor="nightly", **released)
    gone = {"expired_at": "2027-03-03T19:20:00Z", "expires_at": "2027-03-01T19:00:02Z", "sweep_id": str(SWEEP)}
    tale.say("2027-03-03T19:20:00Z", "BackupExpired", actor="retention", **gone)
    removed = {"deleted_at": "2027-03-04T19:20:00Z", "why": "expired", "shared_with": None}
    tale.say("2027-03-04T19:20:00Z", "BackupDeleted", actor="retention", **removed)

    found = tale.explained()
    assert found.state is BackupState.DELETED
    (judged,) = found.judgements
    assert ([*judged.tiers], judged.policy, judged.policy_version, judged.rule_version) == (MONTHLY, "classic", 1, 1)
    assert [window.model_dump(mode="json") for window in judged.windows] == WINDOWS
    pin, last_good = found.holds
    assert (pin.kind, pin.by, pin.since.isoformat()[:10], str(pin.until)[:10]) == (
        BlockerKind.PIN,
        "Karla",
        "2026-04-01",
        "2027-03-02",
    )
    assert (last_good.kind, str(last_good.since)[:10], str(last_good.until)[:10]) == (
        BlockerKind.LAST_GOOD,
        "2027-03-01",
        "2027-03-03",
    )
    assert found.ending is not None
    assert (found.ending.why, found.ending.by, found.ending.clock) == ("expired", "retention", "business")
    assert found.ending.sweep_id == SWEEP
    assert str(found.ending.removed_at) == "2027-03-04 19:20:00+00:00"
    assert found.sentences == (
        (
            "It is the nightly backup of Sunday 2026-03-01 (calendar +01:00); "
            "it was accepted at 2026-03-01 19:00:02 UTC. "
            "By policy classic, version 1 (rules version 1) it is kept until 2027-03-01 19:00:02 UTC, "
            "the latest of daily until 2026-03-15 19:00:02 UTC, weekly until 2026-06-01 19:00:02 UTC, "
            "monthly until 2027-03-01 19:00:02 UTC."
        ),
        "It completed at 2026-03-01 19:12:00 UTC.",
        "Karla pinned it at 2026-04-01 08:00:00 UTC (audit): a pin keeps it past its expiry.",
        (
            "Its time was over at 2027-03-01 19:00:02 UTC, but at 2027-03-01 19:05:00 UTC it stayed: it is the newest "
            "completed backup of its environment; it is pinned (audit)."
        ),
        "Karla unpinned it at 2027-03-02 19:12:00 UTC.",
        "From 2027-03-03 19:12:00 UTC on nothing held it any more.",
        (
            "It expired at 2027-03-03 19:20:00 UTC, by the business clock: its time had been over since 2027-03-01 "
            f"19:00:02 UTC and nothing held it. It was asked for by retention, in sweep {SWEEP}."
        ),
        (
            "Its manifest was removed at 2027-03-04 19:20:00 UTC; "
            "its content goes as soon as no other backup refers to it."
        ),
    )


def test_a_backup_deleted_by_hand_says_by_whom_and_that_they_were_told() -> None:
    tale = Tale(kind="on_demand", created_by="Ada", slot=None)
    tale.completed()
    at = "2026-03-02T08:00:00Z"
    tale.say(at, "BackupDeletionRequested", requested_at=at, requested_by="Karla", was_last_good=True)
    found = tale.explained()
    assert found.ending is not None
    assert (found.ending.why, found.ending.by, found.ending.was_last_good) == ("deleted", "Karla", True)
    assert found.sentences[0].startswith("Ada asked for it; it was accepted at 2026-03-01 19:00:02 UTC and counts for")
    assert found.sentences[-1] == (
        "Karla deleted it at 2026-03-02 08:00:00 UTC, after being told that it was the last completed one."
    )


@pytest.mark.parametrize(("parcel", "size"), [(PARCEL, " of 48,000,000 bytes"), (None, "")])
def test_an_imported_backup_says_that_it_was_made_from_a_sent_file(parcel: object, size: str) -> None:
    tale = Tale(kind="uploaded", created_by="Ada", slot=None, parcel=parcel)
    asked = f"Ada asked for it, to be made from a sent file{size} and not from its environment; it was accepted at"
    assert tale.explained().sentences[0].startswith(asked)


def test_a_backup_of_which_nothing_was_to_stay_says_so() -> None:
    tale = Tale(kind="on_demand", created_by="Ada", slot=None)
    tale.completed()
    at = "2026-03-02T08:00:00Z"
    by = "Karla"
    tale.say(at, "BackupDeletionRequested", requested_at=at, requested_by=by, was_last_good=False, erase=True)
    assert tale.explained().sentences[-2:] == (
        (
            "Karla deleted it at 2026-03-02 08:00:00 UTC. "
            "Nothing of it was to stay in the store: what depended on it is rewritten."
        ),
        "Its erasure is not whole yet: the store may still hold something of it.",
    )


@pytest.mark.parametrize(
    ("actor", "until", "clock"), [("user:Karla", "20:00", "business"), ("clock", "23:00", "postgresql")]
)
def test_a_lease_ends_when_it_is_released_or_at_its_own_end_by_postgresqls_clock(
    actor: str, until: str, clock: str
) -> None:
    tale = Tale()
    tale.completed()
    lease = {"lease_id": str(LEASE), "holder": "a download by Karla", "until": "2026-03-02T23:00:00Z"}
    tale.say("2026-03-02T19:00:00Z", "LeaseAcquired", lease=lease)
    assert [str(hold.until)[11:16] for hold in tale.explained().holds] == ["23:00"]
    tale.say("2026-03-02T20:00:00Z", "LeaseReleased", actor=actor, lease_id=str(LEASE))
    (hold,) = tale.explained().holds
    assert (hold.clock, hold.reason, str(hold.until)[11:16]) == (clock, "a download by Karla", until)


def test_a_restore_holds_it_from_its_acceptance_to_its_end() -> None:
    tale = Tale()
    tale.completed()
    tale.say("2026-03-02T19:00:00Z", "RestoreRequested", requested_by="Karla")
    assert [hold.until for hold in tale.explained().holds] == [None]
    tale.say("2026-03-02T19:30:00Z", "RestoreCompleted", actor="user:Karla")
    (hold,) = tale.explained().holds
    assert (hold.kind, hold.by, str(hold.until)[11:16]) == (BlockerKind.RESTORE, "Karla", "19:30")


@pytest.mark.parametrize("end", ["DataUploaded", "UploadFailed"])
def test_an_upload_holds_its_way_back_from_its_beginning_to_its_end(end: str) -> None:
    tale = Tale()
    tale.completed()
    tale.say("2026-03-02T19:00:00Z", "UploadStarted")
    assert [hold.until for hold in tale.explained().holds] == [None]
    assert "whose way back it is" in tale.explained().sentences[-1]
    tale.say("2026-03-02T19:30:00Z", end)
    (hold,) = tale.explained().holds
    assert (hold.kind, hold.by, str(hold.until)[11:16]) == (BlockerKind.UPLOAD, "Karla", "19:30")
    assert any("ended at 2026-03-02 19:30" in one for one in tale.explained().sentences)


def test_a_changed_policy_is_a_judgement_of_its_own() -> None:
    tale = Tale()
    tale.completed()
    changed = {"policy": "a week", "policy_version": 3, "rule_version": 1, "expires_at": "2026-03-08T19:00:02Z"}
    windows = [{"window": "daily", "ends_at": "2026-03-08T19:00:02Z"}]
    tale.say("2026-03-04T19:00:00Z", "BackupExpiryChanged", actor="clock", **changed, windows=windows)
    first, second = tale.explained().judgements
    assert (first.because, second.because, second.policy, second.policy_version) == (
        "accepted",
        "policy_changed",
        "a week",
        3,
    )
    kept = "By policy a week, version 3 (rules version 1) it is kept until 2026-03-08 19:00:02 UTC (daily until"
    assert kept in tale.explained().sentences[2]


def test_a_failed_backup_falls_into_no_tier() -> None:
    tale = Tale()
    failed = {"finished_at": "2026-03-01T19:12:00Z", "reason": "the dump broke off"}
    tale.say("2026-03-01T19:12:00Z", "BackupFailed", **failed)
    found = tale.explained()
    judged = found.judgements[-1]
    assert (judged.because, judged.tiers, judged.windows) == ("failed", (), ())
    assert str(judged.expires_at) == "2026-03-15 19:00:02+00:00"
    assert "It failed at 2026-03-01 19:12:00 UTC: the dump broke off." in found.sentences[1]


@pytest.mark.parametrize(
    ("now", "says"),
    [
        ("2026-04-01T00:00:00Z", "It is kept until 2027-03-01 19:00:02 UTC, by the business clock."),
        (
            "2027-06-01T00:00:00Z",
            "Its time is over: it goes when the next sweep asks for it, unless it is the newest completed one.",
        ),
    ],
)
def test_a_living_backup_says_what_keeps_it(now: str, says: str) -> None:
    tale = Tale()
    assert tale.explained().sentences[-1] == "It is queued: a backup that has not ended never expires."
    tale.completed()
    assert tale.explained(datetime.fromisoformat(now)).sentences[-1] == says


def test_a_backup_that_is_held_says_by_what() -> None:
    tale = Tale()
    tale.completed()
    tale.say("2026-04-01T08:00:00Z", "BackupPinned", reason="audit")
    assert tale.explained().sentences[-1] == ("Its time is over; it stays as long as this holds it: pinned (audit).")
    assert tale.explained(datetime.fromisoformat("2026-05-01T00:00:00Z")).sentences[-1] == (
        "It is kept until 2027-03-01 19:00:02 UTC, by the business clock, "
        "and past it as long as this holds it: pinned (audit)."
    )


def test_a_backup_without_windows_is_kept_for_ever() -> None:
    tale = Tale(windows=[], expires_at=None, policy="for ever")
    tale.completed()
    assert tale.explained().sentences[-1] == "It is kept for ever."


def test_a_nightly_that_made_up_for_a_sunday_says_so() -> None:
    tale = Tale(slot_date="2026-03-02", slot=night("2026-03-02", 2), fills_gap="2026-03-01")
    first = tale.explained().sentences[0]
    assert "; it was accepted at 2026-03-01 19:00:02 UTC, at try 2." in first
    assert "It makes up for Sunday 2026-03-01, whose nightly run ended without a backup" in first


def test_a_history_that_does_not_begin_at_the_beginning_is_refused() -> None:
    tale = Tale()
    tale.completed()
    with pytest.raises(ValueError, match="begins with its BackupRequested"):
        explain(tale.lines[1:], Clocks(NOW, NOW))


def test_a_lease_is_told_by_its_holder_and_lasts_by_postgresqls_clock_however_the_business_clock_goes() -> None:
    tale = Tale(windows=[], expires_at="2026-03-02T12:00:00Z")
    tale.completed()
    lease = {"lease_id": str(LEASE), "holder": "a copy to Oslo", "until": "2026-03-02T23:00:00Z"}
    tale.say("2026-03-02T19:00:00Z", "LeaseAcquired", lease=lease)
    at_noon, next_day = datetime(2026, 3, 2, 20, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC)
    held = "Its time is over; it stays as long as this holds it: a copy to Oslo."
    assert tale.explained(now=NOW, postgresql=at_noon).sentences[-1] == held
    assert "nothing" not in tale.explained(now=NOW, postgresql=next_day).sentences[-1]
    assert tale.explained(now=NOW, postgresql=next_day).sentences[-1].startswith("Its time is over: it goes when")
    tale.say("2026-03-02T20:00:00Z", "LeaseReleased", lease_id=str(LEASE))
    assert (
        f"The lease of a copy to Oslo ({LEASE}) was released at 2026-03-02 20:00:00 UTC." in tale.explained().sentences
    )
    behind = NOW - timedelta(days=400)
    assert "stays as long as" not in tale.explained(now=NOW, postgresql=behind).sentences[-1]


def to_be_shredded() -> Tale:
    tale = Tale()
    tale.completed()
    asked = {"requested_at": "2026-04-01T08:00:00Z", "requested_by": "Karla", "shred_id": str(SWEEP)}
    tale.say("2026-04-01T08:00:00Z", "BackupDeletionRequested", was_last_good=True, **asked)
    return tale


def test_of_a_shredding_that_did_not_happen_only_the_wish_is_told() -> None:
    tale = to_be_shredded()
    asked = "Karla asked at 2026-04-01 08:00:00 UTC for all backups of its environment to be shredded."
    for _ in range(2):
        found = tale.explained()
        assert found.ending is not None
        assert (found.ending.why, found.ending.by) == ("deleted", "Karla")
        assert asked in found.sentences
        assert "destroyed" not in " ".join(found.sentences)
        tale.say("2026-04-01T09:00:05Z", "BackupDeleted", deleted_at="2026-04-01T09:00:05Z", why="deleted")


def test_a_shredded_backup_says_by_whom_and_that_nothing_opens_it() -> None:
    tale = to_be_shredded()
    removed = {"deleted_at": "2026-04-01T08:00:05Z", "why": "shredded"}
    tale.say("2026-04-01T08:00:05Z", "BackupDeleted", **removed, shared_with=None)

    found = tale.explained()
    assert found.state is BackupState.DELETED
    assert found.ending is not None
    assert (found.ending.why, found.ending.by) == ("shredded", "Karla")
    assert found.sentences[-2:] == (
        "Karla asked at 2026-04-01 08:00:00 UTC for all backups of its environment to be shredded.",
        (
            "Its environment's data keys were destroyed: since 2026-04-01 08:00:05 UTC nothing opens it any more, "
            "whoever has which key."
        ),
    )


@pytest.mark.parametrize(
    ("shared_with", "says"),
    [
        ({"count": 0, "newest": []}, "; no other backup referred to its content, which goes too."),
        (
            {"count": 1, "newest": [str(UUID(int=3))]},
            f"; what it shared with backup {UUID(int=3)} stays for as long as a backup refers to it, the rest goes.",
        ),
        (
            {"count": 9, "newest": [str(UUID(int=3)), str(UUID(int=4))]},
            f"; what it shared with 9 backups ({UUID(int=3)}, {UUID(int=4)}, …) stays for as long as a backup refers",
        ),
        (None, "; its content goes as soon as no other backup refers to it."),
    ],
)
def test_a_deleted_backup_says_for_which_others_shared_content_stayed(shared_with: object, says: str) -> None:
    tale = Tale()
    tale.completed()
    at = "2026-03-02T08:00:00Z"
    tale.say(at, "BackupDeletionRequested", requested_at=at, requested_by="Karla", was_last_good=False)
    tale.say(at, "BackupDeleted", actor="retention", deleted_at=at, why="deleted", shared_with=shared_with)
    found = tale.explained()
    assert says in found.sentences[-1]
    assert found.ending is not None
    told = found.ending.shared_with
    assert (told and told.model_dump(mode="json")) == shared_with


def test_a_backup_that_a_stopped_sweep_leaves_says_so() -> None:
    tale = Tale()
    tale.completed()
    stopped = datetime(2027, 5, 1, tzinfo=UTC)
    assert tale.explained(sweep_stopped_at=stopped).sentences[-1] == (
        "Its time is over: a sweep stopped at its cap at 2027-05-01 00:00:00 UTC and asks a person; "
        "until then nothing of its environment goes."
    )


def test_an_erasure_tells_who_wants_it_and_when_it_was_whole() -> None:
    tale = Tale()
    tale.completed()
    tale.say("2026-04-01T08:00:00Z", "BackupDeletionRequested", requested_at="2026-04-01T08:00:00Z", erase=False)
    tale.say("2026-04-02T08:00:00Z", "BackupDeleted", actor="retention", deleted_at="2026-04-02T08:00:00Z")
    plain = tale.explained()
    assert plain.ending is not None
    assert plain.ending.erasure is None

    asked = {"requested_at": "2026-05-01T08:00:00Z", "requested_by": "Ada"}
    tale.say("2026-05-01T08:00:00Z", "BackupErasureRequested", actor="user:Ada", **asked)
    under_way = tale.explained()
    assert under_way.sentences[-2:] == (
        "Ada asked at 2026-05-01 08:00:00 UTC that nothing of it stays in the store: what depended on it is rewritten.",
        "Its erasure is not whole yet: the store may still hold something of it.",
    )
    tale.say("2026-05-02T09:00:00Z", "BackupErased", actor="user:Ada", erased_at="2026-05-02T09:00:00Z")
    whole = tale.explained()
    assert whole.ending is not None
    assert whole.ending.erasure is not None
    assert (whole.ending.erasure.asked_by, str(whole.ending.erasure.done_at)) == ("Ada", "2026-05-02 09:00:00+00:00")
    assert whole.sentences[-1] == (
        "It was erased at 2026-05-02 09:00:00 UTC: the store holds nothing that was this backup's alone."
    )
