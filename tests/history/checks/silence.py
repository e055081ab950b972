"""No secret is in events, commands, progress, dead letters, rows, objects, logs, errors, or arguments of processes."""

import base64
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from tests.history.evidence import Call, Evidence, Finding

SHOWN: Final = {
    r"/api/v1/webhooks": "signing_secret",
    r"/api/v1/users/[^/]+/invitations": "token",
    r"/api/v1/invitations/accept": "api_key",
}
"""What is made there, and the field in which whoever made it learns its secret."""


def no_secret_is_anywhere(evidence: Evidence) -> Iterator[Finding]:
    """Nor in another form; each place is named, the secret is not."""
    secrets = [(number, form) for number, secret in enumerate(evidence.secrets, 1) for form in sorted(forms(secret))]
    for place, text in _places(evidence):
        for number in sorted({number for number, form in secrets if form in text}):
            yield Finding("a secret in the open", f"{place}: secret number {number}")


def forms(secret: str) -> set[bytes]:
    """As it is, quoted for a URL, in hexadecimal, and in base64 wherever in another text it begins; so its key, too.

    A key is what a secret in hexadecimal or base64 stands for.
    """
    found = {secret.encode(), quote(secret, safe="").encode()}
    for data in (secret.encode(), *_keys(secret)):
        found |= {data, data.hex().encode(), data.hex().upper().encode(), *_in_base64(data)}
    return found


def _keys(secret: str) -> Iterator[bytes]:
    text = secret.removeprefix("whsec_")
    for decoded in (bytes.fromhex, base64.b64decode):
        try:
            key = decoded(text)
        except ValueError:
            continue
        if len(key) >= 16:  # fewer bytes may be anywhere
            yield key


def _in_base64(data: bytes) -> Iterator[bytes]:
    """In both alphabets, without the characters that its neighbours have a part in."""
    for before in range(3):
        text = base64.b64encode(bytes(before) + data)[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
        yield from (text, text.replace(b"+", b"-").replace(b"/", b"_"))


def _places(evidence: Evidence) -> Iterator[tuple[str, bytes]]:
    for topic, records in (
        ("events", evidence.events),
        ("commands", evidence.commands),
        ("progress", evidence.progress),
        ("dead letters", evidence.dead_letters),
    ):
        for record in records:
            headers = "\n".join(f"{name}: {value}" for name, value in record.headers.items())
            yield f"{topic} {record.partition}-{record.offset}", record.value + headers.encode() + record.key.encode()
    for table, rows in evidence.rows.items():
        yield f"read model, {table}", repr(rows).encode()
    for call in evidence.calls:
        yield f"answer to {call.method} {call.path}", repr(_not_shown(call)).encode()
    for key, data in evidence.objects.items():
        yield f"object {key}", data
    for name, text in evidence.texts.items():
        yield name, text.encode()


def _not_shown(call: Call) -> Any:  # noqa: ANN401 -- JSON
    """An answer without what it is there to show, once: whoever makes a webhook has to learn its secret."""
    shown = next((field for path, field in SHOWN.items() if re.fullmatch(path, call.path)), None)
    is_made = shown is not None and (call.method, call.status) == ("POST", 201)
    return {**call.answer, shown: None} if is_made else call.answer
