"""What a content's form must not be: one that nobody here knows, or a delta that is deeper than any is written."""

from pathlib import Path
from uuid import uuid4

import pytest

from services.platform.objectstore import DirectoryObjectStore
from services.platform.repository.errors import ContentCorruptError
from services.platform.repository.forms import Form, Stretch, decoded, encoded_against
from services.platform.repository.keyring import KeyRing
from services.platform.repository.names import digest_of, name_of
from services.platform.repository.opened import Opened
from services.platform.repository.packs import Packed

UNKNOWN = max(Form) + 1


@pytest.fixture
async def opened(tmp_path: Path) -> Opened:
    return await Opened.load(DirectoryObjectStore(tmp_path), KeyRing(uuid4(), (bytes(32),)), uuid4)


async def stored(opened: Opened, form: int, payload: bytes, data: bytes) -> str:
    """The name of a content that is stored in this form, as whoever keeps to no rule would."""
    name = name_of(opened.ring.name_key, data)
    await opened.packer.add(Packed(digest_of(name), form, payload, len(data)))
    await opened.packer.flush()
    return name


async def chain(opened: Opened, deltas: int) -> list[str]:
    """The names of a whole content and of so many deltas, each of the one before it."""
    before = b"the whole one, long enough to be built upon"
    names = [await stored(opened, Form.RAW, before, before)]
    for number in range(deltas):
        data = before + b" and %d" % number
        payload = encoded_against(Stretch((names[-1],), 0, len(before)), before, data)
        names.append(await stored(opened, Form.DELTA, payload, data))
        before = data
    return names


def test_a_form_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ContentCorruptError, match=f"the form {UNKNOWN}, which this release does not know: upgrade it"):
        decoded(UNKNOWN, b"a payload")


async def test_a_content_in_such_a_form_is_not_handed_out(opened: Opened) -> None:
    name = await stored(opened, UNKNOWN, b"a payload", b"a payload")
    with pytest.raises(ContentCorruptError, match=f"{name} is damaged: .* upgrade it"):
        await opened.reader.content(name)


async def test_a_delta_of_a_delta_is_read_and_a_third_upon_them_is_refused(opened: Opened) -> None:
    *others, second, third = await chain(opened, 3)
    assert len(others) == 2
    assert (await opened.reader.content(second)).endswith(b" and 0 and 1")
    with pytest.raises(ContentCorruptError, match=f"{third} is damaged: .* a delta of a delta of a delta"):
        await opened.another_reader().content(third)
