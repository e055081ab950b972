"""Organisations, users, their keys and rights as the HTTP API takes and shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, SecretStr

from contracts.defaults import PASSWORD_CHARACTERS
from contracts.events.access import Place, PlaceKind
from contracts.values import Name, Text
from services.gateway.domain.rights import PLATFORM, Scope
from services.gateway.resources.shapes import Asked, Resource

Scopes = Annotated[list[Scope], Field(min_length=1)]
Password = Annotated[SecretStr, Field(max_length=1000)]


def _of_one_platform(place: Place) -> Place:
    if place.kind is PlaceKind.PLATFORM and place != PLATFORM:
        raise ValueError(f"there is one platform, and its id is {PLATFORM.id}")
    return place


Places = Annotated[list[Annotated[Place, AfterValidator(_of_one_platform)]], Field(max_length=100)]


class NewOrganisation(Asked):
    """A customer of the platform."""

    name: Name


class Organisation(Resource):
    """A customer of the platform; apps and users belong to one."""

    organisation_id: UUID
    name: str
    added_at: datetime


class OrganisationPage(Resource):
    """Organisations by name."""

    organisations: list[Organisation]
    next: str | None = None


class NewOwner(Asked):
    """The organisation that an app belongs to from now on."""

    organisation_id: UUID


class NewUser(Asked):
    """Somebody to add; without `organisation_id` to the organisation of whoever asks."""

    name: Name
    organisation_id: UUID | None = None


class User(Resource):
    """Somebody who may be given rights."""

    user_id: UUID
    name: str
    organisation_id: UUID
    added_at: datetime


class UserPage(Resource):
    """Users by name."""

    users: list[User]
    next: str | None = None


class Invitation(Resource):
    """Whoever shows `token` before it ends is this user.

    It is shown in the first answer alone, and null in that of a repeated request: if it was lost, invite again under
    another Idempotency-Key.
    """

    user_id: UUID
    token: str | None = None
    ends_at: datetime


class ShownInvitation(Asked):
    """The token of an invitation."""

    token: Annotated[Text, Field(max_length=200)]


class AcceptedInvitation(Resource):
    """Who was invited, and that user's first key; it is shown here alone.

    The same request repeated shows it again for a quarter of an hour, until the key is first used.
    """

    user: str
    api_key: str


class Credentials(Asked):
    """Who signs in."""

    user: Annotated[Text, Field(max_length=200)]
    password: Password


class SentBack(BaseModel):
    """What a provider of identities sends a browser back with; what else it adds is its own affair, and passed over."""

    code: Annotated[str, Field(description="what the gateway asks the provider with who it is")] = ""
    state: Annotated[
        str, Field(description="what the sign-in was begun with; the cookie of that browser has it too")
    ] = ""
    error: Annotated[str, Field(description="why there is no code: `access_denied`, or another of RFC 6749")] = ""
    error_description: Annotated[str, Field(description="the same for people; told where it is plain text")] = ""
    iss: Annotated[str | None, Field(description="the provider's issuer (RFC 9207); another's answer is refused")] = (
        None
    )


class NewPassword(Asked):
    """The password that a user has from now on; `current_password` only where there is one."""

    password: Annotated[Password, Field(min_length=PASSWORD_CHARACTERS)]
    current_password: Password | None = None


class Session(Resource):
    """A browser session; a page sends `csrf_token` as X-CSRF-Token with whatever changes something."""

    user: str
    ends_at: datetime
    csrf_token: str


class NewKey(Asked):
    """A key of the caller's own: it may at most `scopes`, and works only at `places` where there are any.

    Of a key that is kept to places itself, these have to lie within them.
    """

    name: Annotated[Text, Field(max_length=200)] = ""
    scopes: Scopes
    places: Places = Field(default_factory=list)


class Key(Resource):
    """A key; `last_used_at` is told to the minute, and null where it was never used."""

    key_id: str
    user_id: UUID
    name: str
    scopes: list[Scope]
    places: list[Place]
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


class CreatedKey(Key):
    """A new key; `api_key` is shown in the first answer alone, and null in that of a repeated request."""

    api_key: str | None = None


class KeyList(Resource):
    """Keys, newest first."""

    keys: list[Key]


class Rights(Asked):
    """All rights that a user is to have at a place; none takes them back.

    With `instead_of` it is refused where the user has others there by now than those.
    """

    rights: list[Scope]
    instead_of: list[Scope] | None = None


class Access(Resource):
    """What a user may at a place and in all that lies within."""

    user_id: UUID
    user: str
    place: Place
    rights: list[Scope]
    granted_at: datetime
    granted_by: str


class AccessList(Resource):
    """Who was given rights at this very place, by name; others may have theirs from further out."""

    access: list[Access]
