"""No secret is in events, commands, dead letters, rows, objects, logs, errors, or arguments of processes."""

from collections.abc import Iterator

from tests.history.evidence import Evidence, Finding


def no_secret_is_anywhere(evidence: Evidence) -> Iterator[Finding]:
    """Each place is named, the secret is not."""
    secrets = [(number, secret.encode()) for number, secret in enumerate(evidence.secrets, 1)]
    for place, text in _places(evidence):
        for number, secret in secrets:
            if secret in text:
                yield Finding("a secret in the open", f"{place}: secret number {number}")


def _places(evidence: Evidence) -> Iterator[tuple[str, bytes]]:
    for topic, records in (
        ("events", evidence.events),
        ("commands", evidence.commands),
        ("dead letters", evidence.dead_letters),
    ):
        for record in records:
            headers = "\n".join(f"{name}: {value}" for name, value in record.headers.items())
            yield f"{topic} {record.partition}-{record.offset}", record.value + headers.encode() + record.key.encode()
    for table, rows in evidence.rows.items():
        yield f"read model, {table}", repr(rows).encode()
    for call in evidence.calls:
        yield f"answer to {call.method} {call.path}", repr(call.answer).encode()
    for key, data in evidence.objects.items():
        yield f"object {key}", data
    for name, text in evidence.texts.items():
        yield name, text.encode()
