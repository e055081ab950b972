"""Every refusal that a catalog may answer has its status."""

import pytest

from contracts.errors import RejectionCode
from services.gateway.domain.refusals import STATUSES, for_scripts, rejection


def test_every_code_has_a_status() -> None:
    assert set(STATUSES) == set(RejectionCode)


def test_a_code_of_a_newer_catalog_is_told_as_a_conflict_with_its_own_words() -> None:
    told = rejection("TOO_EARLY", "not before noon", "when")

    assert (told.status, told.code, told.message, told.field) == (409, "TOO_EARLY", "not before noon", "when")


@pytest.mark.parametrize(
    ("path", "status", "code", "told"),
    [
        ("/api/v2/apps/a/environments/e/snapshots", 404, "ENVIRONMENT_NOT_FOUND", (404, "ENVIRONMENT_NOT_FOUND")),
        ("/api/v2/apps/a/environments/e/snapshots/s", 404, "NOT_FOUND", (404, "NOT_FOUND")),
        ("/api/v2/apps/a/environments/e/restores", 404, "NOT_FOUND", (400, "NOT_FOUND")),
        ("/api/v2/apps/a/environments/e/snapshots", 409, "ENVIRONMENT_BUSY", (400, "ENVIRONMENT_BUSY")),
        ("/api/v2/apps/a/environments/e/snapshots", 409, "INVALID_STATE", (400, "INVALID_STATE")),
        ("/api/v2/apps/a/environments/e/snapshots", 400, "MALFORMED", (400, "INVALID_PARAMETERS")),
        ("/api/v2/apps/a/environments/e/snapshots", 409, "IDEMPOTENCY_KEY_REUSED", (400, "ERROR_NOT_ALLOWED")),
        ("/api/v2/apps/a/environments/e/snapshots", 401, "UNAUTHORIZED", (401, "UNAUTHORIZED")),
        ("/api/v2/apps/a/environments/e/snapshots", 403, "NO_ACCESS", (403, "NO_ACCESS")),
        ("/api/v2/apps/a/environments/e/snapshots", 503, "NOT_KNOWN_YET", (500, "SERVICE_UNAVAILABLE")),
        ("/api/v2/apps/a/environments/e/snapshots", 500, "INTERNAL", (500, "SERVICE_UNAVAILABLE")),
        ("/api/v2/apps/a/environments/e/snapshots", 413, "TOO_LARGE", (400, "INVALID_PARAMETERS")),
        ("/api/v2/apps/a/environments/e/snapshots", 405, "METHOD_NOT_ALLOWED", (400, "ERROR_NOT_ALLOWED")),
        ("/api/v2/apps/a/environments/e/snapshots", 429, "TOO_MANY_REQUESTS", (429, "TOO_MANY_REQUESTS")),
    ],
)
def test_scripts_are_told_refusals_by_the_table_that_they_know(
    path: str, status: int, code: str, told: tuple[int, str]
) -> None:
    assert for_scripts(path, status, code) == told


@pytest.mark.parametrize("code", list(RejectionCode))
def test_every_refusal_of_the_catalog_has_a_row_for_scripts(code: RejectionCode) -> None:
    status, told = for_scripts("/api/v2/apps/a/environments/e/snapshots", STATUSES[code], code)

    assert status in (400, 404)
    assert told in {
        "ENVIRONMENT_NOT_FOUND", "NOT_FOUND", "INVALID_PARAMETERS", "UNSUPPORTED", "ENVIRONMENT_BUSY", "INVALID_STATE",
        "ERROR_NOT_ALLOWED",
    }  # fmt: skip
