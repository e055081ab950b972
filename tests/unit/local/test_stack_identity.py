"""Ports stay what they were, give way to what was asked for, and never collide."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from infra.local.errors import StackError
from infra.local.ports import LOOPBACK, free_port
from infra.local.stack_identity import PORTS, StackIdentity


@pytest.fixture
def identity() -> StackIdentity:
    return StackIdentity.make(uuid4(), datetime.now(UTC))


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as opened:
        opened.bind((LOOPBACK, free_port()))
        opened.listen()
        yield opened.getsockname()[1]


def test_every_part_gets_a_port_of_its_own(identity: StackIdentity) -> None:
    settled, moved = identity.settle_ports({})
    assert set(settled.ports) == set(PORTS)
    assert len(set(settled.ports.values())) == len(PORTS)
    assert not moved


def test_ports_are_the_same_after_a_restart(identity: StackIdentity) -> None:
    settled, _ = identity.settle_ports({})
    assert settled.settle_ports({}) == (settled, [])


def test_a_port_that_somebody_took_meanwhile_moves_and_is_named(identity: StackIdentity, taken: int) -> None:
    settled, _ = identity.settle_ports({})
    known = settled.model_copy(update={"ports": {**settled.ports, "postgres": taken}})
    again, moved = known.settle_ports({})
    assert moved == ["postgres"]
    assert again.ports["postgres"] != taken


def test_an_asked_port_is_given(identity: StackIdentity) -> None:
    port = free_port()
    settled, _ = identity.settle_ports({"gateway": port})
    assert settled.ports["gateway"] == port


def test_an_asked_port_that_is_taken_is_refused_by_name(identity: StackIdentity, taken: int) -> None:
    with pytest.raises(StackError, match=f"gateway={taken}"):
        identity.settle_ports({"gateway": taken})


def test_two_stacks_share_no_password(identity: StackIdentity) -> None:
    other = StackIdentity.make(uuid4(), datetime.now(UTC))
    assert not set(identity.passwords.values()) & set(other.passwords.values())
