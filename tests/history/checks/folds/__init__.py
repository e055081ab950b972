"""The read model is the fold of the log: folded here once more, by hand, for the fields that people decide by."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from tests.history.checks.folds import apps, audit, backups, environments, nights, policies, restores, uploads
from tests.history.evidence import Evidence, Finding, Json

FOLDS: Final[Mapping[str, Callable[[Evidence], dict[str, Json]]]] = {
    "app": apps.rows,
    "environment": environments.rows,
    "backup": backups.rows,
    "restore": restores.rows,
    "preflight": restores.preflights,
    "upload": uploads.rows,
    "slot": nights.rows,
    "policy_change": policies.rows,
    "listed_day": backups.by_day,
    "audit": audit.rows,
}
"""By table; each row of one has the same fields."""


def the_read_model_is_the_fold_of_the_log(evidence: Evidence) -> Iterator[Finding]:
    """Every row that there should be is there with its fields, and no other."""
    for table, fold in FOLDS.items():
        wanted, rows = fold(evidence), evidence.rows.get(table, {})
        for entity_id in wanted.keys() ^ rows.keys():
            there = "only on the log" if entity_id in wanted else "only in the read model"
            yield Finding("read model and log disagree", f"{table} {entity_id} is {there}")
        for entity_id in wanted.keys() & rows.keys():
            yield from _differences(table, entity_id, wanted[entity_id], rows[entity_id])


def _differences(table: str, entity_id: str, wanted: Json, row: Json) -> Iterator[Finding]:
    for field, value in wanted.items():
        if _plain(row.get(field)) != _plain(value):
            told = f"{table} {entity_id}: {field} is {row.get(field)!r}, the log says {value!r}"
            yield Finding("read model and log disagree", told)


def _plain(value: Any) -> Any:  # noqa: ANN401 -- JSON
    """Two ways to write an instant are one instant, wherever it is told."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and "T" in value else value
    except ValueError:
        return value
