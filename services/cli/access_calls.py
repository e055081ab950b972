"""The gateway's calls about organisations, users, their keys and their rights."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from contracts.events.access import Place, PlaceKind
from services.cli.calling import Calling
from services.gateway.domain.rights import Scope
from services.gateway.resources import (
    AcceptedInvitation,
    Access,
    AccessList,
    CreatedKey,
    Invitation,
    Key,
    KeyList,
    NewKey,
    NewOrganisation,
    NewOwner,
    NewUser,
    Organisation,
    Rights,
    ShownInvitation,
    User,
)


class AccessPlace(NamedTuple):
    """Where rights are given; `name` is how people call it."""

    place: Place
    name: str

    @property
    def path(self) -> str:
        """The address of who has rights there."""
        kind = self.place.kind
        above = "" if kind is PlaceKind.PLATFORM else f"/{kind}s/{self.place.id}"
        return f"/api/v1{above}/access"


class AccessCalls(Calling):
    """Who there is, and who may do what where."""

    def add_organisation(self, name: str, *, idempotency_key: str | None = None) -> Organisation:
        """One more customer of the platform."""
        body = NewOrganisation(name=name)
        return self._change("POST", "/api/v1/organisations", Organisation, body, idempotency_key)

    def organisations(self) -> Iterator[Organisation]:
        """The caller's organisation and those with rights of the caller's; all for who administers the platform."""
        return self._pages("/api/v1/organisations", "organisations", Organisation, {})

    def hand_over_app(self, app_id: UUID, organisation_id: UUID, *, idempotency_key: str | None = None) -> None:
        """Give an app to another organisation."""
        body = NewOwner(organisation_id=organisation_id).model_dump(mode="json")
        self._transport.change("PUT", f"/api/v1/apps/{app_id}/organisation", body, key=idempotency_key)

    def add_user(self, name: str, organisation_id: UUID | None = None, *, idempotency_key: str | None = None) -> User:
        """Somebody who may be given rights, in the caller's organisation unless told otherwise."""
        body = NewUser(name=name, organisation_id=organisation_id)
        return self._change("POST", "/api/v1/users", User, body, idempotency_key)

    def users(self, *, name: str | None = None) -> Iterator[User]:
        """Users whom the caller administers, or the one of this name, without regard to case."""
        return self._pages("/api/v1/users", "users", User, {"name": name})

    def user(self, user_id: UUID) -> User:
        """One user whom the caller administers."""
        return self._show(f"/api/v1/users/{user_id}", User)

    def keys_of(self, user_id: UUID) -> list[Key]:
        """The keys of a user whom the caller administers, newest first."""
        return self._show(f"/api/v1/users/{user_id}/keys", KeyList).keys

    def remove_user(self, user_id: UUID, *, idempotency_key: str | None = None) -> None:
        """Take all keys and rights of a user."""
        self._transport.change("DELETE", f"/api/v1/users/{user_id}", key=idempotency_key)

    def invite_user(self, user_id: UUID, *, idempotency_key: str | None = None) -> Invitation:
        """A token that lets a user in, once; an earlier one works no more. This answer alone shows it."""
        return self._change("POST", f"/api/v1/users/{user_id}/invitations", Invitation, None, idempotency_key)

    def accept_invitation(self, token: str, *, idempotency_key: str | None = None) -> AcceptedInvitation:
        """The first key of whoever has this token; needs no key. Under the same key it is told again for a while."""
        body = ShownInvitation(token=token)
        return self._change("POST", "/api/v1/invitations/accept", AcceptedInvitation, body, idempotency_key)

    def change_password(
        self, password: str, current_password: str | None = None, *, idempotency_key: str | None = None
    ) -> None:
        """Give the caller another password, or a first one; `current_password` where there is one already."""
        body = {"password": password} | ({} if current_password is None else {"current_password": current_password})
        self._transport.change("PUT", "/api/v1/password", body, key=idempotency_key)

    def create_key(
        self,
        scopes: Sequence[Scope],
        *,
        name: str = "",
        places: Sequence[Place] = (),
        idempotency_key: str | None = None,
    ) -> CreatedKey:
        """One more key of the caller's; this answer alone shows it."""
        body = NewKey(name=name, scopes=list(scopes), places=list(places))
        return self._change("POST", "/api/v1/keys", CreatedKey, body, idempotency_key)

    def keys(self) -> list[Key]:
        """The caller's keys, newest first."""
        return self._show("/api/v1/keys", KeyList).keys

    def revoke_key(self, key_id: str, *, idempotency_key: str | None = None) -> None:
        """A key opens nothing any more."""
        self._transport.change("DELETE", f"/api/v1/keys/{key_id}", key=idempotency_key)

    def access(self, at: AccessPlace) -> list[Access]:
        """Who was given rights at this very place."""
        return self._show(at.path, AccessList).access

    def give_access(
        self,
        at: AccessPlace,
        user_id: UUID,
        rights: Collection[Scope],
        *,
        instead_of: Collection[Scope] | None = None,
        idempotency_key: str | None = None,
    ) -> list[Access]:
        """These are the user's rights there from now on; none takes them back. Who has rights there then.

        Raises RefusedError with the field `instead_of` where the user has others by now than those.
        """
        before = None if instead_of is None else sorted(instead_of)
        path, body = f"{at.path}/{user_id}", Rights(rights=sorted(rights), instead_of=before)
        return self._change("PUT", path, AccessList, body, idempotency_key).access
