"""Policies, their changes and what they would do, in a terminal of 100 columns."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from contracts.events.policies import PolicyEffect
from contracts.retention import Policy
from services.cli.show import formats
from services.cli.show.details import Line, lines_of
from services.cli.show.tables import Column, table
from services.cli.windows import spelled
from services.gateway.resources import PolicyChange, PolicyInForce

_WINDOWS = (
    ("daily", "every backup"),
    ("weekly", "of a Sunday"),
    ("monthly", "of a first Sunday of the month"),
    ("on_demand", "on demand, whatever the day"),
)


def in_force(one: PolicyInForce) -> RenderableType:
    """The policy of a place, where it was given, and what is on its way."""
    given_by = {"environment": "this environment", "app": "its app" if one.environment_id else "this app"}
    head = lines_of([
        ("Policy", f"{one.policy.name}, version {one.policy.version}"),
        ("Given by", given_by.get(one.given_by, "nobody: it is the default")),
        ("Fills gaps", "yes" if one.policy.fill_gaps else None),
    ])  # fmt: skip
    pending = [] if one.pending is None else [Text("A change is on its way:", style="bold"), change(one.pending)]
    return Group(head, windows(one.policy), *pending)


def windows(policy: Policy) -> RenderableType:
    """How long each kind of backup is kept."""
    given = [(getattr(policy, name), which) for name, which in _WINDOWS]
    rows = [(which, spelled(window)) for window, which in given if window is not None]
    return table((Column("Backup"), Column("Kept for")), rows) if rows else Text("It keeps everything for ever.\n")


def change(one: PolicyChange) -> RenderableType:
    """A change and, where existing backups are to follow, what that does and what it waits for."""
    cools_off = one.application == "waiting" and one.not_before != one.requested_at
    described: list[Line] = [
        ("Change", str(one.policy_change_id)),
        ("Policy", "none here" if one.policy is None else f"{one.policy.name}, version {one.policy.version}"),
        ("Changed", f"{formats.instant(one.changed_at)} UTC by {one.changed_by}"),
        ("Existing backups", _application(one)),
        ("Digest", one.digest),
        ("Cooling off", f"until {formats.instant(one.not_before)} UTC" if cools_off else None),
    ]
    return Group(lines_of(described), *([] if one.effect is None else [effect(one.effect)]))


def effect(one: PolicyEffect) -> Table:
    """What the application does, counted."""
    rows: Iterable[tuple[str, str]] = (
        ("go at once", f"{one.lost_count:,}"),
        ("go earlier", f"{one.shorter_count:,}"),
        ("live longer", f"{one.longer_count:,}"),
        ("stay as they are", f"{one.same_count:,}"),
        ("room that it frees, at most", formats.size(one.freed_bytes)),
    )
    return table((Column("Existing backups"), Column("", right=True)), rows)


def _application(one: PolicyChange) -> str:
    see = f"`nightkeep policy approve {one.policy_change_id}`"
    sentences = {
        "none": "stay as they are",
        "waiting": f"wait for {see}",
        "approved": f"approved by {one.approved_by}; follow at {formats.instant(one.not_before)} UTC",
        "withdrawn": f"stay as they are: withdrawn by {one.withdrawn_by}",
        "applied": f"follow since {formats.instant(one.applied_at)} UTC: {one.changed_count:,} changed",
    }
    return sentences[one.application]
