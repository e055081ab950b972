"""Which rights there are, where each holds, and what a caller has at a place (spec: backups-api-v2, "Rights")."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from contracts.errors import RejectionCode
from contracts.events.access import Place, PlaceKind


class Scope(StrEnum):
    """What a key may do, and what a person may at a place; none includes another.

    `read` looks, and has archives made or cancelled; `create` makes, comments, pins and cancels backups, checks
    environments and sends files; `restore` changes what runs in an environment; `delete` removes backups; `admin`
    registers, changes, removes and shreds, and gives rights.
    """

    READ = "read"
    CREATE = "create"
    RESTORE = "restore"
    DELETE = "delete"
    ADMIN = "admin"


class Thing(StrEnum):
    """What an address names; each lies in an environment, an app or an organisation."""

    ORGANISATION = "organisation"
    APP = "app"
    ENVIRONMENT = "environment"
    BACKUP = "backup"
    RESTORE = "restore"
    PREFLIGHT = "preflight"
    UPLOAD = "upload"
    PARCEL = "parcel"
    ARCHIVE = "archive"
    POLICY_CHANGE = "policy_change"


ALL_SCOPES: Final = frozenset(Scope)
PLATFORM: Final = Place(kind=PlaceKind.PLATFORM, id=UUID(int=0))
OPERATOR: Final = UUID("5b0e4bb4-8a94-4be1-a6d4-8a0b3f0a7e10")
"""The organisation of whoever runs the platform; what belongs to nobody else is theirs."""

NOBODY: Final = UUID(int=0)
"""The id of those whom nobody knows."""

PLACED_BY: Final[dict[str, Thing]] = {
    "environment_id": Thing.ENVIRONMENT,
    "backup_id": Thing.BACKUP,
    "restore_id": Thing.RESTORE,
    "preflight_id": Thing.PREFLIGHT,
    "upload_id": Thing.UPLOAD,
    "parcel_id": Thing.PARCEL,
    "archive_id": Thing.ARCHIVE,
    "policy_change_id": Thing.POLICY_CHANGE,
    "app_id": Thing.APP,
    "organisation_id": Thing.ORGANISATION,
}
"""Where a route's right is needed: at the first of these that its address names, else on the whole platform."""

ON_PLATFORM: Final = frozenset({"register_environment", "update_environment", "hand_over_app"})
"""What needs its right on the platform besides.

An environment names hosts, paths and secrets that are no customer's own; an owner says what is a customer's own.
"""

NEEDED_OF_SOURCE: Final[dict[str, Scope]] = {
    "create_restore": Scope.READ,
    "create_preflight": Scope.READ,
    "create_snapshot_restore": Scope.READ,
    "create_upload": Scope.CREATE,
}
"""What these need of the backup or the parcel that they bring in, beside their own right on the destination."""

MISSING: Final[dict[Thing, RejectionCode]] = {
    Thing.APP: RejectionCode.APP_NOT_FOUND,
    Thing.ENVIRONMENT: RejectionCode.ENVIRONMENT_NOT_FOUND,
}
"""How a thing is told that is not there or not to be known of; others are just not found."""

Lineage = tuple[Place, ...]
"""A place and all that it lies in, the platform last."""


class Grant(NamedTuple):
    """One right at one place and in all that lies within."""

    place: Place
    scope: Scope


class Reach(NamedTuple):
    """What lists may show: what lies within one of the first and within one of the second; None: anywhere."""

    granted: list[UUID] | None
    of_key: list[UUID] | None


@dataclass(frozen=True)
class Caller:
    """A person or program that was recognised; a key with `places` works nowhere else, whatever its owner may."""

    user: str
    key_id: str
    scopes: frozenset[Scope]
    user_id: UUID = NOBODY
    organisation_id: UUID = OPERATOR
    grants: frozenset[Grant] = frozenset()
    places: frozenset[Place] = frozenset()

    @property
    def actor(self) -> str:
        """What commands say about who asked."""
        return f"user:{self.user}"

    @property
    def is_whole(self) -> bool:
        """Whether it is the person, in a session or by a key that is kept to nothing."""
        return self.scopes == ALL_SCOPES and not self.places

    def may(self, scope: Scope) -> bool:
        """Whether the key has this scope; where is another question."""
        return scope in self.scopes

    def may_at(self, scope: Scope, lineage: Lineage) -> bool:
        """Whether key and person have this right at the place that `lineage` begins with."""
        granted = any(Grant(place, scope) in self.grants for place in lineage)
        return granted and self.may(scope) and (not self.places or not self.places.isdisjoint(lineage))

    def may_everywhere(self, scope: Scope) -> bool:
        """Whether nobody need look where something lies."""
        return self.may_at(scope, (PLATFORM,))

    def knows_of(self, lineage: Lineage) -> bool:
        """Whether a refusal may tell that there is such a place: of the own organisation, or with some right there."""
        return self._own in lineage or not {grant.place for grant in self.grants}.isdisjoint(lineage)

    def reach(self, scope: Scope) -> Reach:
        """Where lists may look for this right."""
        granted = {grant.place for grant in self.grants if grant.scope is scope}
        within = None if PLATFORM in granted else _ids(granted)
        of_key = None if not self.places or PLATFORM in self.places else _ids(self.places)
        return Reach(within, of_key)

    def organisations(self) -> list[UUID] | None:
        """Those that lists show: the own and those with some right there, where the key works; None: all."""
        if self.may_everywhere(Scope.ADMIN):
            return None
        granted = {grant.place for grant in self.grants if grant.place.kind is PlaceKind.ORGANISATION}
        known = {self._own, *granted}
        return _ids(known if not self.places or PLATFORM in self.places else known & self.places)

    @property
    def _own(self) -> Place:
        return Place(kind=PlaceKind.ORGANISATION, id=self.organisation_id)


@dataclass(frozen=True)
class StoredKey:
    """An API key as it is kept: nothing that it could be made from again."""

    hash: str
    caller: Caller


def lineage_of(
    *, environment_id: UUID | None = None, app_id: UUID | None = None, organisation_id: UUID | None = None
) -> Lineage:
    """The places of an environment, an app, an organisation or, of nothing, the platform."""
    found = (
        (PlaceKind.ENVIRONMENT, environment_id),
        (PlaceKind.APP, app_id),
        (PlaceKind.ORGANISATION, organisation_id),
    )
    return (*(Place(kind=kind, id=one) for kind, one in found if one is not None), PLATFORM)


def _ids(places: Iterable[Place]) -> list[UUID]:
    return sorted(place.id for place in places)
