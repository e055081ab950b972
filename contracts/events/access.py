"""Who may do what, and who did what (said by the gateway, on a stream for each user: architecture §2.18).

No secret is ever here, nor its hash: keys and invitations are named by their ids.
"""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.envelope import Event
from contracts.values import Name, Value

Right = Literal["read", "create", "restore", "delete", "admin"]
"""As scopes of a key and as roles at a place (spec: backups-api-v2, "Rights")."""
Count = Annotated[int, Field(ge=1)]


class PlaceKind(StrEnum):
    """Where a right holds: there and in all that lies within."""

    PLATFORM = "platform"
    ORGANISATION = "organisation"
    APP = "app"
    ENVIRONMENT = "environment"


class Place(Value):
    """One place; the platform's id is nil."""

    kind: PlaceKind
    id: UUID


class OrganisationAdded(Event):
    """There is one more customer."""

    organisation_id: UUID
    name: Name
    added_at: AwareDatetime


class AppHandedOver(Event):
    """An app belongs to this organisation from now on."""

    app_id: UUID
    organisation_id: UUID
    handed_over_at: AwareDatetime


class UserAdded(Event):
    """Somebody may be given rights."""

    user_id: UUID
    name: Name
    organisation_id: UUID
    added_at: AwareDatetime


class UserRemoved(Event):
    """Somebody has no rights any more; the name stays taken, so that it is never somebody else's."""

    user_id: UUID
    name: Name
    removed_at: AwareDatetime


class UserInvited(Event):
    """Whoever shows the invitation's token before it ends is this user."""

    user_id: UUID
    invitation_id: str
    ends_at: AwareDatetime


class InvitationAccepted(Event):
    """The token was shown; it works no more."""

    user_id: UUID
    invitation_id: str
    accepted_at: AwareDatetime


class KeyCreated(Event):
    """An API key; it may at most `scopes`, and only at `places` where there are any."""

    key_id: str
    user_id: UUID
    name: str
    scopes: tuple[Right, ...]
    places: tuple[Place, ...] = ()
    created_at: AwareDatetime


class KeyRevoked(Event):
    """The key opens nothing any more."""

    key_id: str
    user_id: UUID
    revoked_at: AwareDatetime


class AccessGranted(Event):
    """These are the user's rights at this place now, beside those that reach it from further out."""

    user_id: UUID
    place: Place
    rights: tuple[Right, ...]
    granted_at: AwareDatetime


class AccessRevoked(Event):
    """The user has no rights of its own at this place any more."""

    user_id: UUID
    place: Place
    revoked_at: AwareDatetime


class RightUsed(Event):
    """A call was let in that changes something, or takes contents out of a backup.

    `things` are the ids in its address and of the environment or app that they lie in; `status` is HTTP's.
    """

    user: str
    key_id: str
    operation: str
    things: dict[str, str]
    status: int
    used_at: AwareDatetime


class Refused(Value):
    """One kind of refusal, and how often it was met; `operation` is empty where there is none."""

    operation: str
    status: int
    key_id: str = ""
    count: Count


class AccessRefused(Event):
    """What a user was refused within about a minute; `user` is empty for those whom nobody knows."""

    user: str
    since: AwareDatetime
    until: AwareDatetime
    refusals: tuple[Refused, ...]


class ArchiveDownloaded(Event):
    """Bytes of an archive were given to whoever showed a link, `count` times within about a minute.

    `user` is whose link it was: who was shown it. A link needs no key, so another one may have used it. It is empty
    where the link was made by a release that noted that on nobody.
    """

    user: str = ""
    archive_id: UUID
    backup_id: UUID
    environment_id: UUID
    since: AwareDatetime
    until: AwareDatetime
    count: Count


class SignedIn(Event):
    """A browser session began; `how` the user proved who that is."""

    user_id: UUID
    how: Literal["password", "openid"]
    session_id: str
    signed_in_at: AwareDatetime


class SignedOut(Event):
    """A browser session was ended by its user."""

    user_id: UUID
    session_id: str
    signed_out_at: AwareDatetime


class PasswordChanged(Event):
    """A user has another password, or a first one; all browser sessions of before have ended."""

    user_id: UUID
    changed_at: AwareDatetime
