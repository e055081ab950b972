"""What a terminal says of a change of a policy."""

from io import StringIO
from uuid import UUID

from rich.console import Console

from services.cli.show.policies import change
from services.gateway.resources import PolicyChange

WAITING = {
    "policy_change_id": UUID(int=1),
    "app_id": UUID(int=2),
    "environment_id": UUID(int=3),
    "policy": {"name": "short", "daily": {"days": 5}},
    "changed_at": "2026-11-30T10:00:35Z",
    "changed_by": "Karla",
    "application": "waiting",
    "requested_at": "2026-11-30T10:00:35Z",
    "effect": {"same_count": 1, "longer_count": 0, "shorter_count": 8, "lost_count": 0, "freed_bytes": 0},
    "digest": "00",
    "not_before": "2026-12-03T10:00:35Z",
}


def shown(**changes: object) -> str:
    out = StringIO()
    Console(file=out, width=100).print(change(PolicyChange.model_validate(WAITING | changes)))
    return out.getvalue()


def test_a_change_that_waits_for_approval_says_until_when_it_cools_off() -> None:
    assert "until 2026-12-03 10:00:35 UTC" in shown()
    assert "Cooling off" not in shown(not_before=WAITING["requested_at"])
    assert "Cooling off" not in shown(application="withdrawn", withdrawn_by="Karla")


def test_a_change_says_the_digest_of_its_simulation_where_there_is_one() -> None:
    assert "Digest" in shown(digest="5f0c3a52")
    assert "5f0c3a52" in shown(digest="5f0c3a52")
    assert "Digest" not in shown(digest=None)
