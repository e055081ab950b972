"""Faults of whoever lets a secret out."""

import base64
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from tests.history.evidence import Call, Evidence
from tests.history.faults.tampering import Fault, changed


def a_secret_in_an_event(evidence: Evidence) -> None:
    evidence.events[3] = changed(evidence.events[3], note=f"the password is {evidence.secrets[0]}")


def a_secret_in_a_header(evidence: Evidence) -> None:
    first = evidence.events[0]
    evidence.events[0] = replace(first, headers={**first.headers, "ce_actor": evidence.secrets[1]})


def a_secret_in_a_dead_letter(evidence: Evidence) -> None:
    evidence.dead_letters[0] = replace(evidence.dead_letters[0], value=evidence.secrets[0].encode())


def a_secret_in_progress(evidence: Evidence) -> None:
    evidence.progress[0] = changed(evidence.progress[0], trouble=f"again soon: no {evidence.secrets[0]} there")


def a_secret_in_a_log(evidence: Evidence) -> None:
    evidence.texts["catalog.log"] += evidence.secrets[2]


def a_secret_in_arguments(evidence: Evidence) -> None:
    evidence.texts["arguments of 1"] = f"pg_dump --password {evidence.secrets[0]}"


def a_secret_in_an_error(evidence: Evidence) -> None:
    evidence.calls[0] = replace(evidence.calls[0], answer={"errorMessage": f"no such key {evidence.secrets[-1]}"})


def a_secret_in_a_command_line(evidence: Evidence) -> None:
    place = next(one for one in evidence.texts if one.startswith("arguments of pg_dump "))
    evidence.texts[place] += f" --dbname=postgresql://shop:{quote(evidence.secrets[0])}@db.example/shop"


def a_secret_in_a_look_that_failed(evidence: Evidence) -> None:
    evidence.calls.append(Call("ada", "GET", "/api/v1/backups", None, 503, f"refused: {evidence.secrets[0]}"))


def a_signing_secret_in_a_log(evidence: Evidence) -> None:
    evidence.texts["gateway.log"] += _made(evidence).answer["signing_secret"]


def a_signing_secret_that_is_shown_again(evidence: Evidence) -> None:
    made = _made(evidence)
    evidence.calls.append(replace(made, path=f"{made.path}/{made.answer['webhook_id']}", status=200))


def a_key_that_a_log_has(evidence: Evidence) -> None:
    let_in = next(one for one in evidence.calls if one.path == "/api/v1/invitations/accept")
    evidence.texts["gateway.log"] += let_in.answer["api_key"]


def a_password_in_a_command(evidence: Evidence) -> None:
    typed = next(one for one in evidence.secrets if one.startswith("correct horse"))
    evidence.commands[0] = changed(evidence.commands[0], password=typed)


def an_invitation_in_an_event(evidence: Evidence) -> None:
    invited = next(one for one in evidence.calls if one.path.endswith("/invitations"))
    evidence.events[3] = changed(evidence.events[3], note=invited.answer["token"])


def the_key_of_a_hook_in_an_event(evidence: Evidence) -> None:
    signing = next(one for one in evidence.secrets if one.startswith("whsec_"))
    key = base64.b64decode(signing.removeprefix("whsec_"))
    evidence.events[3] = changed(evidence.events[3], note=key.hex())


def a_secret_in_base64_in_a_log(evidence: Evidence) -> None:
    pair = f"somebody:{evidence.secrets[0]}"
    evidence.texts["catalog.log"] += f"Authorization: Basic {base64.b64encode(pair.encode()).decode()}"


def a_secret_in_hexadecimal_in_a_dead_letter(evidence: Evidence) -> None:
    evidence.dead_letters[0] = replace(evidence.dead_letters[0], value=evidence.secrets[0].encode().hex().encode())


def a_secret_in_a_url(evidence: Evidence) -> None:
    pair = next(one for one in evidence.secrets if ":" in one)
    evidence.calls[0] = replace(evidence.calls[0], answer=f"https://example.com/?as={quote(pair, safe='')}")


def _made(evidence: Evidence) -> Call:
    """How a webhook was made."""
    return next(one for one in evidence.calls if one.path == "/api/v1/webhooks")


FAULTS: Final[dict[Fault, set[str]]] = {
    a_secret_in_an_event: {"a secret in the open"},
    a_secret_in_a_header: {"a secret in the open"},
    a_secret_in_a_dead_letter: {"a secret in the open"},
    a_secret_in_progress: {"a secret in the open"},
    a_secret_in_a_log: {"a secret in the open"},
    a_secret_in_arguments: {"a secret in the open"},
    a_secret_in_an_error: {"a secret in the open"},
    a_secret_in_a_command_line: {"a secret in the open"},
    a_secret_in_a_look_that_failed: {"a secret in the open"},
    a_signing_secret_in_a_log: {"a secret in the open"},
    a_signing_secret_that_is_shown_again: {"a secret in the open"},
    a_key_that_a_log_has: {"a secret in the open"},
    a_password_in_a_command: {"a secret in the open"},
    an_invitation_in_an_event: {"a secret in the open"},
    the_key_of_a_hook_in_an_event: {"a secret in the open"},
    a_secret_in_base64_in_a_log: {"a secret in the open"},
    a_secret_in_hexadecimal_in_a_dead_letter: {"a secret in the open"},
    a_secret_in_a_url: {"a secret in the open"},
}
