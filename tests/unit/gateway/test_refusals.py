"""Every refusal that a catalog may answer has its status."""

from contracts.errors import RejectionCode
from services.gateway.domain.refusals import STATUSES, rejection


def test_every_code_has_a_status() -> None:
    assert set(STATUSES) == set(RejectionCode)


def test_a_code_of_a_newer_catalog_is_told_as_a_conflict_with_its_own_words() -> None:
    told = rejection("TOO_EARLY", "not before noon", "when")

    assert (told.status, told.code, told.message, told.field) == (409, "TOO_EARLY", "not before noon", "when")
