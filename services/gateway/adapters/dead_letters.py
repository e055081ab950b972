"""Dead letters as resources: found by their place on the topic, shown as text, sent again under an id of ours."""

import re
from typing import Final
from uuid import UUID

from contracts.errors import RejectionCode
from services.gateway.domain.refusals import NotFoundError, NotKnownYetError, RefusalError
from services.gateway.resources import DeadLetter, DeadLetterPage
from services.platform.messaging import deadletters
from services.platform.messaging.errors import DeadLetterNotFoundError, RecordRefusedError, SendInDoubtError
from services.platform.messaging.records import Place
from services.platform.process.settings import KafkaSettings

_ID: Final = re.compile(r"(\d{1,6})-(\d{1,18})")


class DeadLetterBox:
    """The dead-letter topic."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings

    async def newest(self, limit: int) -> DeadLetterPage:
        """The newest ones, newest first."""
        found = await deadletters.list_dead_letters(self._settings, limit=limit)
        return DeadLetterPage(dead_letters=[_shown(letter) for letter in found])

    async def show(self, dead_letter_id: str) -> DeadLetter:
        """One of them. Raises NotFoundError."""
        try:
            return _shown(await deadletters.show_dead_letter(self._settings, _place(dead_letter_id)))
        except DeadLetterNotFoundError as error:
            raise _missing() from error

    async def replay(self, dead_letter_id: str, message_id: UUID) -> None:
        """Send it again under `message_id`. Raises NotFoundError, NotKnownYetError and RefusalError."""
        try:
            await deadletters.replay_dead_letter(self._settings, _place(dead_letter_id), new_id=message_id)
        except DeadLetterNotFoundError as error:
            raise _missing() from error
        except SendInDoubtError as error:
            raise NotKnownYetError from error
        except RecordRefusedError as error:
            raise RefusalError(409, RejectionCode.NOT_ALLOWED, error.reason) from error


def _place(dead_letter_id: str) -> Place:
    found = _ID.fullmatch(dead_letter_id)
    if found is None:
        raise _missing()
    return Place(int(found[1]), int(found[2]))


def _missing() -> NotFoundError:
    return NotFoundError(RejectionCode.NOT_FOUND, "there is no such dead letter: take its id from the list")


def _shown(letter: deadletters.DeadLetter) -> DeadLetter:
    headers = {name: value.decode(errors="replace") for name, value in letter.record.headers}
    return DeadLetter(
        dead_letter_id=f"{letter.place.partition}-{letter.place.offset}",
        refused_at=letter.at,
        refused_by=letter.refused_by,
        topic=letter.origin,
        partition=letter.origin_place.partition,
        offset=letter.origin_place.offset,
        code=letter.code,
        reason=letter.reason,
        field=letter.field,
        message_id=headers.get("ce_id"),
        message_type=headers.get("ce_type"),
        key=_text(letter.record.key),
        headers=headers,
        value=_text(letter.record.value),
    )


def _text(value: bytes | None) -> str | None:
    """None where it is no text; what is no UTF-8 cannot be shown and is replayed as it is."""
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None
