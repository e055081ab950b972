"""Apps, as the log tells of them."""

from typing import Final

from tests.history.checks.folds.folding import folded, of
from tests.history.evidence import Evidence, Json, Record

NAMED: Final = ("name", "slug")


def rows(evidence: Evidence) -> dict[str, Json]:
    """By id."""
    return folded(evidence, "app_id", "AppRegistered", _begun, _on)


def _begun(record: Record) -> Json:
    return of(record, NAMED) | {"removed": False, "environments": {}, "policy": None}


def _on(record: Record, app: Json) -> Json:
    environments = app["environments"]
    match record.name:
        case "AppUpdated":
            return of(record, NAMED)
        case "AppRemoved":
            return {"removed": True}
        case "EnvironmentRegistered" | "EnvironmentUpdated":
            return {"environments": environments | {record.data["environment_id"]: record.data["name"]}}
        case "EnvironmentRemoved":
            left = {one: name for one, name in environments.items() if one != record.data["environment_id"]}
            return {"environments": left}
        case "PolicyChanged" if record.data["environment_id"] is None:
            return of(record, ("policy",))
    return {}
