"""What runs in an environment, as commands and its platform say, and which model version its data needs."""

from typing import Final

from tests.history.checks.folds.folding import of
from tests.history.evidence import Json, Record

PACKAGE: Final = ("model_version", "package_bytes", "package_sha256")
NEEDS: Final = "data_model_version"
KEPT: Final = {"what the restored data needs", "what was needed before"}
"""Of the newest restore; no row has it."""
NOT_YET: Final[Json] = {
    **dict.fromkeys((*PACKAGE, NEEDS, *KEPT, "hook_call", "hook_failure")),
    "run_state": "stopped",
    "app_services": [],
}


def ran(record: Record, environment: Json) -> Json:
    """What commands said."""
    match record.name:
        case "PackageDeployed":
            return of(record, PACKAGE)
        case "EnvironmentCleared" | "PackageRemoved":
            return dict.fromkeys(PACKAGE)
        case "EnvironmentStarted":
            return {"run_state": "running", "hook_failure": None}
        case "EnvironmentStopped":
            return {"run_state": "stopped", "hook_failure": None}
        case "AppServicePublished":
            return {"app_services": [*environment["app_services"], record.data["service_name"]]}
        case "AppServiceUnpublished":
            return _without_services(environment, [record.data["service_name"]])
        case "AppServicesUnpublished":
            return _without_services(environment, record.data["service_names"])
    return {}


def _without_services(environment: Json, gone: list[str]) -> Json:
    return {"app_services": [name for name in environment["app_services"] if name not in gone]}


def asked(record: Record, environment: Json) -> Json:
    """What its platform said, which was asked; until then all is as it was."""
    call = environment["hook_call"] or {}
    match record.name:
        case "HookCallRequested":
            return {"hook_call": record.data, "hook_failure": None}
        case "HookAnswered" if call.get("call_id") == record.data["call_id"]:
            return {"hook_call": None} | _done(environment, call)
        case "HookFailed" if call.get("call_id") == record.data["call_id"]:
            return {"hook_call": None, "hook_failure": record.data["reason"]}
    return {}


def _done(environment: Json, call: Json) -> Json:
    if call["action"] == "unpublish":
        return _without_services(environment, call["app_services"])
    return {"run_state": {"stop": "stopped", "start": "running"}[call["action"]]}


def needed(record: Record, environment: Json) -> Json:
    """Another one's data needs that one's model version until it is deployed; an undo brings back what was before."""
    deployed, needs = environment["model_version"], environment[NEEDS]
    match record.name:
        case "PackageDeployed":
            return {NEEDS: _unless(needs, record.data["model_version"])}
        case "PackageRemoved":
            return {NEEDS: needs or deployed}
        case "EnvironmentCleared":
            return {NEEDS: None, "what was needed before": None}
        case "DataUploaded":
            return {NEEDS: _unless(record.data["model_version"], deployed)}
        case "RestoreRequested":
            return {"what the restored data needs": record.data["model_version"]}
        case "RestoreCompleted":
            restored = _unless(environment["what the restored data needs"], deployed)
            return {NEEDS: restored, "what was needed before": needs}
        case "RestoreUndone":
            return {NEEDS: _unless(environment["what was needed before"], deployed)}
    return {}


def _unless(needs: str | None, deployed: str | None) -> str | None:
    return None if needs == deployed else needs
