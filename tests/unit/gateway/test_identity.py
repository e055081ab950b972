"""The same request repeated has to be the same command, and another one another."""

from uuid import UUID

import pytest

from services.gateway.domain.identity import command_id, created_id, is_idempotency_key


def test_the_ids_of_a_repeated_request_never_change() -> None:
    first = command_id("alice", "before-the-release")

    assert first == UUID("9213cc1d-3a2c-582a-ac28-2dbbc6561595")
    assert created_id(first, "backup") == UUID("84cfb488-3f36-537f-89d1-fa3c6f68efe3")


def test_another_user_with_the_same_key_asks_for_another_thing() -> None:
    assert command_id("alice", "1") != command_id("bob", "1")
    assert command_id("alice", "\x00") != command_id("alice\x00", "")


@pytest.mark.parametrize("key", ["", " ", "a ", "ä", "a\nb", "x" * 256])
def test_what_cannot_be_a_key_is_known(key: str) -> None:
    assert not is_idempotency_key(key)


@pytest.mark.parametrize("key", ["1", "8f14e45f-ceea-4672-a2b5-2c2b1d3a9d10", "nightly of 4 March", "x" * 255])
def test_what_programs_use_as_keys_is_one(key: str) -> None:
    assert is_idempotency_key(key)
