"""What a look at a password that nobody has costs."""

import asyncio

from argon2 import extract_parameters

from services.gateway.adapters.hashing import Hashing


def test_nobody_s_hash_costs_what_a_real_one_does_and_is_of_nothing() -> None:
    hashing = Hashing()
    real = asyncio.run(hashing.hash("a long enough password"))

    assert extract_parameters(hashing.of_nobody) == extract_parameters(real)
    assert not asyncio.run(hashing.matches(None, "a long enough password"))
    assert asyncio.run(hashing.matches(real, "a long enough password"))
