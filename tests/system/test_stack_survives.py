"""Kills, restarts, other users and missing networks: the stack on one machine under what machines do."""

import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from infra.local.cache import cache_directory
from tests.support.local_stack import LocalStack, stack_directory
from tests.support.processes import alive, until_gone
from tests.support.somebody_else import as_normal_user, beside, own_by_normal_user, with_loopback_only

pytestmark = pytest.mark.timeout(900)


def test_data_survives_a_kill_of_everything_and_the_next_start_needs_no_network() -> None:
    with stack_directory() as directory:
        stack = LocalStack(directory, {"NIGHTKEEP_STACK_HIDE_SYSTEM_JAVA": "1"})
        assert stack.run("up", "--detach").returncode == 0
        before = stack.status()
        backup = stack.answer("backup", "create", before["sample"]["environments"]["production"], "--wait")
        assert backup["state"] == "completed"
        everything = stack.processes()
        for process in everything:
            with suppress(psutil.NoSuchProcess):  # a session of PostgreSQL ends whenever it likes
                process.kill()
        until_gone(everything)
        assert stack.status()["state"] == "down"

        offline = LocalStack(directory, prefix=with_loopback_only())
        done = offline.run("up", "--detach")
        assert done.returncode == 0, done.stdout + done.stderr
        after = stack.status()
        assert (after["stack_id"], after["sample"]) == (before["stack_id"], before["sample"])
        inside = LocalStack(directory, prefix=beside(after["supervisor_pid"]))
        assert inside.answer("backup", "show", backup["backup_id"])["state"] == "completed"

        everything = stack.processes()
        psutil.Process(after["supervisor_pid"]).kill()
        until_gone(everything)


def test_a_normal_users_stack_runs_beside_another_and_ctrl_c_ends_it_in_order(tmp_path: Path) -> None:
    with stack_directory() as others, stack_directory() as directory:
        other = LocalStack(others)
        assert other.run("up", "--detach", "--no-sample").returncode == 0
        cache = directory.with_name("cache")
        shutil.copytree(cache_directory() / "jars", cache / "jars")
        own_by_normal_user(directory.parent)
        environment = {"HOME": str(directory.parent), "NIGHTKEEP_CACHE_DIR": str(cache)}
        stack = LocalStack(directory, environment, prefix=as_normal_user())
        with (tmp_path / "output").open("w") as said:
            up = stack.start(output=said)
            stack.wait_ready()
            processes = stack.processes()
            users = set(stack.of_each(lambda process: process.uids().effective))
            assert 0 not in users or os.geteuid() != 0
            assert (stack.status()["state"], other.status()["state"]) == ("ready", "ready")
            up.send_signal(signal.SIGINT)
            assert up.wait(120) == 0
        assert not alive(processes)
        assert other.status()["state"] == "ready"
        told = (tmp_path / "output").read_text()
        assert told.index("gateway stopped") < told.index("postgres stopped")
        assert stack.run("down", "--purge").returncode == 0
        assert not directory.exists()
        assert other.run("down").returncode == 0
