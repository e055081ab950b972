"""Ports for a copy of the stack."""

import os
import subprocess
import sys
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


def test_a_port_that_was_given_to_somebody_is_given_to_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    three = ports.free_ports(3)
    monkeypatch.setattr(ports, "CHOICE", three)
    draw = "from infra.local import ports; import sys; ports.CHOICE = list(map(int, sys.argv[1:])); ports.free_port()"
    done = subprocess.run([sys.executable, "-c", draw, *map(str, three)], check=False, capture_output=True, text=True)
    assert "no free port is left" in done.stderr, "all of them are ours, though nobody listens yet"
    with pytest.raises(RuntimeError, match="no free port is left"):
        ports.free_port()
