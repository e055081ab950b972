"""Effects happen at named seams only, and a rehearsal ends a process exactly where it was told to."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from contracts.topics import Topic
from services.platform.process.seams import CrashFile, Seam, parsed, passing, publishing, rehearse
from services.platform.process.settings import RehearsalSettings
from tests.support.seam_exempt import excess, idle, modules, unnamed
from tests.support.seam_lint import breaches
from tests.support.seam_names import points, seams, sources, steps

PASSES: Final = re.compile(r"\bpassing\((?!step_seam)|\bbefore\(")
"""Where an effect passes a seam; in a step anything may happen, and it passes that besides."""


def between(block: str, behind: str) -> str:
    """A transaction of a driver's connection with this block, and this behind it."""
    return f"async def f(c):\n    async with c.transaction():\n        {block}\n    {behind}"


BAD = {
    "a commit of its own": "async def f(c):\n    await c.commit()",
    "offsets beside the seam": "async def f(c):\n    with passing(OFFSETS):\n        pass\n    await c.commit({})",
    "offsets that Faust commits": "async def f(stream):\n    await stream.ack(event)",
    "a put that no seam is around": "async def f(s):\n    await s.client.put_object(Key='k')",
    "a delete in another block": "async def f(s):\n    with translated('k'):\n        await s.delete_object()",
    "an upload that is completed": "async def f(s):\n    await s.complete_multipart_upload()",
    "a rename": "import os\ndef f():\n    os.rename('a', 'b')",
    "a rename under another name": "from os import rename as r\ndef f():\n    r('a', 'b')",
    "a rename that is handed on": "import os\ndef f(run):\n    run(os.rename, 'a', 'b')",
    "a rename by its name as text": "import os\ndef f():\n    getattr(os, 'rename')('a', 'b')",
    "a file that replaces another": "def f(path):\n    path.replace('b')",
    "a file that os replaces": "import os\ndef f():\n    os.replace('a', 'b')",
    "a file that os replaces, handed on": "import os\ndef f(run):\n    run(os.replace, 'a', 'b')",
    "a file that replaces another, handed on": "def f(run, path):\n    run(path.replace, 'b')",
    "a file that a class replaces": "def f():\n    Path.replace('a', 'b')",
    "a module by another name": "import os as o\ndef f():\n    o.replace('a', 'b')",
    "a replace by another name": "from os import replace as r\ndef f():\n    r('a', 'b')",
    "a replace by its name as text": "import os\ndef f():\n    getattr(os, 'replace')('a', 'b')",
    "a replace by its name as text of an operator": "def f():\n    operator.methodcaller('replace', 'b')",
    "a removal": "def f(path):\n    path.unlink()",
    "a removal by os": "import os\ndef f():\n    os.remove('a')",
    "a removal of a tree, handed on": "import shutil\ndef f(run):\n    run(shutil.rmtree, 'a')",
    "an upload that is begun": "async def f(s):\n    await s.create_multipart_upload()",
    "a part that is uploaded": "async def f(s):\n    await s.upload_part_copy()",
    "an upload that is aborted": "async def f(s):\n    await s.abort_multipart_upload()",
    "whatever else changes an object": "async def f(s):\n    await s.put_object_retention()",
    "a send that is handed on": "def f(run):\n    p = AIOKafkaProducer()\n    run(p.send, 'topic')",
    "a statement that commits itself": "async def f():\n    async with g() as c:\n        await c.execute('DROP')",
    "a statement that changes and answers": "async def f():\n    async with g() as c:\n        await c.fetch(sql)",
    "many of them": "async def f():\n    async with g() as c:\n        await c.executemany(f'{a}', [])",
    "a hard link": "def f(path):\n    path.hardlink_to('b')",
    "a send of the driver": "async def f():\n    await AIOKafkaProducer().send('topic', b'')",
    "a send that waits": "async def f(p):\n    await p.send_and_wait('topic', b'')",
    "a transaction of the driver": between("pass", "pass"),
    "a transaction that says only before": between("before(COMMIT)", "return 1"),
    "a transaction that goes on behind before": between("before(COMMIT); x()", "after(COMMIT)"),
    "a transaction that says after too late": between("before(COMMIT)", "x(); after(COMMIT)"),
}
GOOD = {
    "a seam around it": "async def f(c):\n    with passing(OFFSETS):\n        await c.commit({})",
    "a seam beside another block": "async def f(s):\n    with mine(), passing(PUT):\n        await s.put_object()",
    "a transaction between both": between("x(); before(SWITCH)", "after(SWITCH)"),
    "a transaction that only reads": "async def f(c):\n    async with c.transaction(readonly=True):\n        pass",
    "our own transaction": "async def f(s):\n    async with s._database.transaction(MARK) as c:\n        pass",
    "texts and instants": "def f(text, now):\n    return text.replace('a', 'b'), now.replace(tzinfo=None)",
    "a statement in a transaction": (
        "async def f():\n    async with database.transaction() as c:\n        await c.execute('DROP TABLE t')"
    ),
    "a statement that only reads": "async def f():\n    async with g() as c:\n        await c.execute('SELECT 1')",
    "a statement in a file of ours": "def f(self):\n    self.connection.execute('INSERT')",
    "looks at an object": "async def f(s):\n    await s.get_object(), s.head_object(), s.list_objects_v2()",
    "our own replace": "def f(store):\n    return store.replace('k', b'', etag='e')",
    "our own producer": "async def f(producer):\n    await producer.send(Topic.EVENTS, record)",
}


@pytest.mark.parametrize("source", BAD.values(), ids=BAD)
def test_an_effect_outside_a_seam_is_found(source: str) -> None:
    assert breaches(source)


@pytest.mark.parametrize("source", GOOD.values(), ids=GOOD)
def test_an_effect_in_a_seam_is_let_pass(source: str) -> None:
    assert breaches(source) == []


def test_every_effect_of_the_services_is_in_a_named_seam() -> None:
    assert unnamed() == {}


def without_one_seam() -> Iterator[tuple[str, str]]:
    """Each module that passes seams, each time without another one of them."""
    for module, source in modules().items():
        for found in PASSES.finditer(source) if module != "platform/process/seams.py" else ():
            yield module, f"{source[: found.start()]}beside({source[found.end() :]}"


def test_a_seam_that_is_taken_away_is_missed() -> None:
    taken = list(without_one_seam())
    assert taken
    assert [module for module, source in taken if not excess(module, source)] == []


def test_one_more_of_what_is_exempt_is_found() -> None:
    module = "platform/objectstore/directory.py"
    once = "            path.unlink(missing_ok=True)\n"
    assert [one.what for one in excess(module, modules()[module].replace(once, 2 * once))] == ["path.unlink"]


def test_nothing_is_exempt_from_that_which_is_not_there() -> None:
    assert idle() == []


def test_every_step_says_its_sentence_in_its_source() -> None:
    assert [step for step in steps() if step.sentence is None] == []
    assert len(seams()) == len(set(seams()))


def test_every_seam_of_the_platform_is_passed_somewhere() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources() if path.name != "seams.py")
    published = {publishing(topic) for topic in Topic}
    assert [seam.name for seam in Seam if f"Seam.{seam.name}" not in text and seam not in published] == []


def test_every_name_can_be_asked_for_and_no_other() -> None:
    for point in points():
        assert (
            parsed(f"{point}:2")["point"]
            == parsed(f"stop {point}")["point"]
            == parsed(f"stand 8 {point}")["point"]
            == point
        )
    for wrong in (
        "put an object",
        "before nothing",
        "after commit offsets:0",
        "beside step: write the manifest",
        "stand 0 before commit offsets",
        "stop stand 8 before commit offsets",
    ):
        with pytest.raises(ValueError, match="no process passes"):
            parsed(wrong)


def test_a_process_dies_the_second_time_it_comes_to_the_point_and_the_next_one_lives(tmp_path: Path) -> None:
    crash_file = tmp_path / "crash"
    crash_file.write_text("after commit offsets:2")
    assert (died(crash_file), crash_file.exists()) == ((-signal.SIGKILL, 1), False)
    assert died(crash_file) == (0, 3)


def test_a_process_that_is_told_to_stop_goes_on_when_it_is_woken(tmp_path: Path) -> None:
    crash_file = tmp_path / "crash"
    crash_file.write_text("stop before commit offsets")
    process = started(crash_file)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    process.send_signal(signal.SIGCONT)
    assert process.communicate(timeout=60)[0].count("passed") == 3


def test_a_process_that_goes_on_is_met_again_by_the_same_words(tmp_path: Path) -> None:
    crash_file = tmp_path / "crash"
    crash_file.write_text("stop before commit offsets")
    process = started(crash_file)
    for words in ("stop before commit offsets", ""):
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        crash_file.write_text(words)
        process.send_signal(signal.SIGCONT)
    assert process.communicate(timeout=60)[0].count("passed") == 3


def test_a_process_that_is_told_to_stand_still_goes_on_by_itself(tmp_path: Path) -> None:
    crash_file = tmp_path / "crash"
    crash_file.write_text("stand 1 before commit offsets:2")
    began = time.monotonic()
    assert (died(crash_file), crash_file.exists()) == ((0, 3), False)
    assert time.monotonic() - began >= 1


def test_an_effect_that_raises_has_not_happened(tmp_path: Path) -> None:
    crash_file = tmp_path / "crash"
    reached: list[str] = []
    rehearse(RehearsalSettings(declared=True, crash_file=crash_file))
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(CrashFile, "reached", lambda _, point: reached.append(point))
            with pytest.raises(OSError, match="no"), passing(Seam.RENAME):
                raise OSError("no")
    finally:
        rehearse(RehearsalSettings())
    assert reached == ["before rename a document"]


def test_nobody_dies_who_did_not_declare_a_rehearsal(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="never on real backups"):
        RehearsalSettings(crash_file=tmp_path / "crash")


def started(crash_file: Path) -> subprocess.Popen[str]:
    program = f"""
from services.platform.process.seams import Seam, passing, rehearse
from services.platform.process.settings import RehearsalSettings

rehearse(RehearsalSettings(declared=True, crash_file={str(crash_file)!r}))
for number in range(3):
    with passing(Seam.OFFSETS):
        pass
    print("passed", number, flush=True)
"""
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def died(crash_file: Path) -> tuple[int, int]:
    """How a process ended, and how often it had passed the seam until then."""
    process = started(crash_file)
    said, _ = process.communicate(timeout=60)
    return process.returncode, said.count("passed")
