"""What an API key looks like, and how long a verified one is remembered."""

from services.gateway.adapters.authentication import REMEMBERED_KEYS, REMEMBERED_SECONDS, RecentCallers
from services.gateway.adapters.keystore import random_key
from services.gateway.domain.keys import first_key, is_of, is_quick, parse, salted_hash, secret_of_first_keys
from services.gateway.domain.rights import ALL_SCOPES, Caller


def test_a_key_that_was_made_is_read_again() -> None:
    key = random_key()

    assert parse(key.text()) == key


def test_two_keys_are_never_alike() -> None:
    assert len({random_key() for _ in range(100)}) == 100


def test_what_is_no_key_is_not_looked_up() -> None:
    whole = random_key().text()

    for text in ("", "nk", whole[:-1], f"{whole}x", whole.upper(), whole.replace("nk_", "xx_"), f" {whole}"):
        assert parse(text) is None


def test_what_is_kept_of_a_key_is_of_its_secret_alone_and_differs_by_its_salt() -> None:
    key, other = random_key(), random_key()
    kept = salted_hash(key.secret, "salt")

    assert is_quick(kept)
    assert is_of(kept, key.secret)
    assert not is_of(kept, other.secret)
    assert not is_of(kept, kept)
    assert kept != salted_hash(key.secret, "another")
    assert key.secret not in kept
    for broken in ("", "$hmac-sha256$", "$hmac-sha256$salt", kept[:-1], f"{kept}0"):
        assert not is_of(broken, key.secret)


def test_a_first_key_follows_from_the_invitation_the_idempotency_key_and_a_secret_that_signs_no_links() -> None:
    invitation, link_key = random_key(), bytes(32)
    secret = secret_of_first_keys(link_key)
    key = first_key(invitation, "one", secret)

    assert parse(key.text()) == key == first_key(invitation, "one", secret_of_first_keys(link_key))
    others = [
        first_key(random_key(), "one", secret),
        first_key(invitation, "two", secret),
        first_key(invitation, "one", secret_of_first_keys(bytes(31) + b"1")),
        first_key(invitation, "one", link_key),
    ]
    assert len({key.secret, *(other.secret for other in others)}) == 1 + len(others)


class _Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _caller(name: str) -> Caller:
    return Caller(name, "0123456789ab", ALL_SCOPES)


def test_a_verified_key_is_remembered_for_a_short_while_only() -> None:
    time = _Time()
    recent = RecentCallers(time)
    recent.remember(recent.digest("key"), _caller("alice"))

    assert recent.find(recent.digest("key")) == _caller("alice")
    assert recent.find(recent.digest("another")) is None
    time.now += REMEMBERED_SECONDS
    assert recent.find(recent.digest("key")) is None


def test_a_flood_of_keys_does_not_fill_the_memory() -> None:
    recent = RecentCallers(_Time())
    for number in range(REMEMBERED_KEYS + 1):
        recent.remember(recent.digest(str(number)), _caller(str(number)))

    assert recent.find(recent.digest("0")) is None
    assert recent.find(recent.digest("1")) == _caller("1")


def test_what_is_remembered_cannot_be_matched_with_another_process() -> None:
    assert RecentCallers(_Time()).digest("key") != RecentCallers(_Time()).digest("key")
