"""Ports for a copy of the stack."""

import os
from pathlib import Path

import pytest

from infra.local import ports


@pytest.mark.parametrize(("whose", "free"), [(0, True), (1, False)])
def test_a_port_for_which_another_user_left_a_socket_is_not_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whose: int, *, free: bool
) -> None:
    port, me = ports.free_port(), os.geteuid()
    (tmp_path / f"seaweedfs-filer-grpc-{port + ports.TWIN}.sock").touch()
    monkeypatch.setattr(ports, "SOCKETS", tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: me + whose)
    assert ports.is_free(port) is free
