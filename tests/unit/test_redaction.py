"""Secrets are blacked out of bytes that nobody could decode."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.platform.messaging.redaction import blacked_out


@pytest.mark.parametrize(
    "value",
    [
        b'{"password": "hunter2"}',
        b'{"database": {"provisioner": {"password": "hunter2"}}}',
        b'{"credentials": {"key": "hunter2"}}',
        b'{"secrets": ["hunter2", {"x": "hunter2"}]}',
        b'{"db_password": "hunter2"}',
        b'{"apiKey": "hunter2"}',
        b'{"url": "postgres://ada:hunter2@host/db"}',
        b'{"password": "hunter2", ',
        b"{'password': 'hunter2'}",
        b"password=hunter2 user=ada",
        b'\xff{"password" : "hunter2"',
        b'{"password": "hunter2\\" more", broken',
    ],
)
def test_a_secret_is_blacked_out(value: bytes) -> None:
    assert b"hunter2" not in blacked_out(value)
    assert b"[blacked out]" in blacked_out(value)


@pytest.mark.parametrize("value", [b'{"password": "secret:production-db"}', b'{"password": "secret:production-db", '])
def test_a_reference_stays(value: bytes) -> None:
    assert b"secret:production-db" in blacked_out(value)


def test_what_is_no_secret_stays() -> None:
    body = {"name": "Shop", "port": 5432, "files": None, "tags": ["a"]}
    assert json.loads(blacked_out(json.dumps(body).encode())) == body


@given(st.binary(max_size=300))
def test_any_bytes_can_be_looked_at(value: bytes) -> None:
    blacked_out(value)


@given(st.text(alphabet="abcdefgh0123456789!#%", min_size=6, max_size=30))
def test_no_password_survives_in_json(password: str) -> None:
    assert password.encode() not in blacked_out(json.dumps({"x": {"password": password}}).encode())


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", [b"x", b"pass", b"://:", b'"', b"password=", b"secret:", b"\\"])
def test_a_megabyte_that_is_made_to_be_slow_is_not(unit: bytes) -> None:
    blacked_out(unit * (1_000_000 // len(unit)))


def test_data_that_is_nested_too_deep_is_looked_at_as_text() -> None:
    assert b"hunter2" not in blacked_out(b'{"a":' * 990 + b'{"password": "hunter2"}' + b"}" * 990)
