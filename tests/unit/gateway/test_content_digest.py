"""What a Content-Digest says of bytes, and whether they are those."""

import pytest

from services.gateway.resources.content_digest import content_digest, content_digests, differing

DATA = b"of a part"
SHA256 = "sha-256=:lSMybXqQoZ3/NOYlfYIx1u1FJGz2K6w8PO+SkA9AZFY=:"
SHA512 = "sha-512=:OLKn6yOrhMWV90fqcRxP3CGm17cedbMPVHVyKFo+K5Q0A8LGWNAsQgI2nH8UB45JAiFi9zCOnReSZLhaiY+Ldw==:"
OTHER256, OTHER512 = "sha-256=:AAAA:", "sha-512=:AAAA:"


@pytest.mark.parametrize(
    "header",
    [
        SHA256,
        SHA512,
        f"{SHA256}, {SHA512}",
        f"{SHA512},\t{SHA256}",
        f"{SHA256};of=parts",
        SHA256.replace("=:", ":").replace("256:", "256=:"),
        f"{OTHER256}, {SHA256}",
        f"md5=:AAAA:, {SHA256}",
        "unixsum=:AAAA:",
    ],
    ids=["sha-256", "sha-512", "both", "tab", "parameter", "unpadded", "the later holds", "one unknown", "unknown"],
)
def test_bytes_are_what_is_said_of_them(header: str) -> None:
    assert differing(DATA, content_digests(header)) is None


@pytest.mark.parametrize(
    ("header", "algorithm"),
    [
        (OTHER256, "sha-256"),
        (OTHER512, "sha-512"),
        (f"{SHA256}, {OTHER512}", "sha-512"),
        (f"{OTHER256}, {SHA512}", "sha-256"),
        ("sha-256=::", "sha-256"),
    ],
)
def test_bytes_are_not_what_is_said_of_them(header: str, algorithm: str) -> None:
    assert differing(DATA, content_digests(header)) == algorithm


@pytest.mark.parametrize(
    ("header", "malformed"),
    [
        ("", "''"),
        ("nonsense", "'nonsense'"),
        (f"{SHA256},", "''"),
        (f"{SHA256}, sha-512=AAAA", "'sha-512=AAAA'"),
        ("SHA-256=:AAAA:", "'SHA-256=:AAAA:'"),
        ("sha-256=:AA-_:", "'sha-256=:AA-_:'"),
        ("sha-256=:A:", "'sha-256=:A:'"),
        ("sha-256=" + "A" * 900, f"'sha-256={'A' * 72}'"),
    ],
)
def test_a_header_that_says_nothing_is_told_what_is_malformed(header: str, malformed: str) -> None:
    with pytest.raises(ValueError, match="sha-256=:<base64>:") as told:
        content_digests(header)
    assert str(told.value).startswith(f"{malformed} ")


def test_what_we_say_is_understood() -> None:
    assert content_digest(DATA) == SHA256
