"""A download whose archive is cancelled before its first bytes are made is refused, as the link is by then."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from services.gateway.adapters import downloads
from services.gateway.adapters.downloads import Downloads
from services.gateway.adapters.places import Places
from services.gateway.domain.refusals import RefusalError


class _Cancelled:
    """Anything that an archive is asked for; cancelled at the first look."""

    archive_id = "one"

    async def was_cancelled(self, _archive_id: object) -> bool:
        return True


async def _making(*_: object) -> AsyncGenerator[bytes]:
    yield b"first"


async def test_who_waits_for_the_first_bytes_of_a_cancelled_archive_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    anything: Any = _Cancelled()
    monkeypatch.setattr(downloads, "LOOK_SECONDS", -1)
    monkeypatch.setattr(Downloads, "_making", _making)
    opening = Downloads(anything, anything, anything, workshop=anything, places=Places(1, "downloads"))
    with pytest.raises(RefusalError, match="this link is over") as refused:
        await opening.open(anything, [])
    assert (refused.value.status, refused.value.code) == (403, "NO_ACCESS")
