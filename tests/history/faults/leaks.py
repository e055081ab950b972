"""Faults of whoever lets a secret out."""

from dataclasses import replace
from typing import Final

from tests.history.evidence import Evidence
from tests.history.faults.tampering import Fault, changed


def a_secret_in_an_event(evidence: Evidence) -> None:
    evidence.events[3] = changed(evidence.events[3], note=f"the password is {evidence.secrets[0]}")


def a_secret_in_a_header(evidence: Evidence) -> None:
    first = evidence.events[0]
    evidence.events[0] = replace(first, headers={**first.headers, "ce_actor": evidence.secrets[1]})


def a_secret_in_a_dead_letter(evidence: Evidence) -> None:
    evidence.dead_letters[0] = replace(evidence.dead_letters[0], value=evidence.secrets[0].encode())


def a_secret_in_a_log(evidence: Evidence) -> None:
    evidence.texts["catalog.log"] += evidence.secrets[2]


def a_secret_in_arguments(evidence: Evidence) -> None:
    evidence.texts["arguments of 1"] = f"pg_dump --password {evidence.secrets[0]}"


def a_secret_in_an_error(evidence: Evidence) -> None:
    evidence.calls[0] = replace(evidence.calls[0], answer={"errorMessage": f"no such key {evidence.secrets[-1]}"})


FAULTS: Final[dict[Fault, set[str]]] = {
    a_secret_in_an_event: {"a secret in the open"},
    a_secret_in_a_header: {"a secret in the open"},
    a_secret_in_a_dead_letter: {"a secret in the open"},
    a_secret_in_a_log: {"a secret in the open"},
    a_secret_in_arguments: {"a secret in the open"},
    a_secret_in_an_error: {"a secret in the open"},
}
