"""Signatures of webhook calls: as the Standard Webhooks conventions have them, and only with a real secret."""

import base64
import hashlib
import hmac
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.platform.webhooks.signing import NoSigningSecretError, signed_headers, to_key, to_secret

PUBLISHED = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
"""The secret of the conventions' own examples."""


@given(st.binary(min_size=24, max_size=64), st.binary(max_size=500), st.integers(0, 2**40))
def test_a_receiver_that_computes_by_the_conventions_agrees(key: bytes, body: bytes, timestamp: int) -> None:
    message_id = str(uuid4())

    headers = signed_headers(to_secret(key), message_id, timestamp, body)

    expected = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
    assert headers == {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": "v1," + base64.b64encode(expected).decode(),
    }


def test_the_example_of_the_conventions_is_signed_as_they_publish_it() -> None:
    message_id = "msg_p5jXN8AQM9LWM0D4loKWxJek"

    headers = signed_headers(PUBLISHED, message_id, 1_614_265_330, b'{"test": 2432232314}')

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(st.binary(min_size=24, max_size=64))
def test_a_secret_is_read_as_it_was_written(key: bytes) -> None:
    assert to_key(to_secret(key)) == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        "swordfish",
        "whsec_not base64",
        to_secret(b"short"),
        to_secret(b"x" * 65),
        PUBLISHED[6:],
        "whsec_ä",
    ],
)
def test_what_cannot_sign_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(NoSigningSecretError) as refused:
        to_key(text)

    assert "swordfish" not in str(refused.value)
