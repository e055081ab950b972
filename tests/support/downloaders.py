"""Programs that people download with, as they call them: curl and aria2c."""

import asyncio
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pycurl
from aria2c import ARIA2C

ARIA2_OPTIONS: Final = (
    "--continue",
    "--max-connection-per-server=4",
    "--split=4",
    "--min-split-size=1M",
    "--auto-save-interval=1",  # the least; a person's download is longer than the minute of its default
    "--no-conf",
    "--no-netrc",
    "--all-proxy=",
)


async def curl(url: str, path: Path) -> int:
    """What `curl --continue-at - --output PATH URL` does, with curl's own library; returns the answer's status.

    Raises pycurl.error when the line breaks, as curl exits with its number.
    """
    return await asyncio.to_thread(_curl, url, path)


def _curl(url: str, path: Path) -> int:
    with path.open("ab") as output:
        handle = pycurl.Curl()
        handle.setopt(pycurl.URL, url)
        handle.setopt(pycurl.RESUME_FROM_LARGE, output.tell())
        handle.setopt(pycurl.WRITEDATA, output)
        handle.setopt(pycurl.FAILONERROR, 1)
        handle.setopt(pycurl.NOPROXY, "*")
        handle.setopt(pycurl.NOSIGNAL, 1)
        try:
            handle.perform()
            return int(handle.getinfo(pycurl.RESPONSE_CODE))
        finally:
            handle.close()


@asynccontextmanager
async def aria2(url: str, path: Path) -> AsyncIterator[Process]:
    """`aria2c` with four connections, going on with what `path` has; killed at the end of the context."""
    process = await asyncio.create_subprocess_exec(
        ARIA2C, *ARIA2_OPTIONS, f"--dir={path.parent}", f"--out={path.name}", url, stdout=DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
