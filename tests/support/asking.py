"""What each operation of the API is sent about the things of a pool, where its own examples are about others."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from string import Template
from typing import Any, Final

from services.gateway.domain.sessions import COOKIE, CSRF_HEADER
from services.gateway.routes.examples import ASKED
from tests.support.gateway import Json, described
from tests.support.pool import SENT, Things

NO_WAIT: Final = {"wait_seconds": "0"}
"""Nobody works here: the end of what is asked for would be waited for in vain."""
LINK: Final = {"until": "$link_until", "for": "$link_for", "signature": "$link_signature"}
BACKUP: Final = {"backup_id": "$backup_id"}
FILE: Final = {"data_type": "files_only", "safety_backup": False}
OWN: Final = {"environment_id": "$environment_id"}


@dataclass(frozen=True)
class Asking:
    """`at`: which thing the address names, where it is not the one of the parameter's name; `$name` is a thing, too."""

    at: dict[str, str] = field(default_factory=dict)
    body: Any = None
    query: Json = field(default_factory=dict)
    headers: Json = field(default_factory=dict)

    def names(self, parameters: Iterable[str]) -> dict[str, str]:
        """The thing that each parameter of the address stands for."""
        return {name: self.at.get(name, name) for name in parameters}

    def used(self, parameters: Iterable[str]) -> set[str]:
        """The names of all things that are sent and that are there."""
        written = json.dumps([self.query, self.headers, None if isinstance(self.body, bytes) else self.body])
        return {*self.names(parameters).values(), *re.findall(r"\$(\w+)", written)} - {"new_name"}


def told(text: Any, things: Things) -> Any:  # noqa: ANN401 -- JSON
    """What is sent, with things for their names."""
    return text if isinstance(text, bytes) else json.loads(Template(json.dumps(text)).substitute(things))


def asking(operation: str) -> Asking:
    """What this operation is sent."""
    found = ASKINGS.get(operation, Asking())
    return found if found.body is not None else Asking(found.at, ASKED.get(operation), found.query, found.headers)


def _of(name: str, **more: Any) -> Asking:  # noqa: ANN401 -- what an Asking has
    return Asking(at={"environment_id": f"{name}_environment_id"}, **more)


ASKINGS: Final[dict[str, Asking]] = {
    "register_app": Asking(body={"name": "More", "slug": "$new_name"}),
    "update_app": Asking(at={"app_id": "free_app_id"}),
    "hand_over_app": Asking(at={"app_id": "free_app_id"}, body={"organisation_id": "$organisation_id"}),
    "remove_app": Asking(at={"app_id": "free_app_id"}),
    "list_environments": Asking(query={"app_id": "$app_id"}),
    "register_environment": Asking(body=described("more"), query=NO_WAIT),
    "update_environment": Asking(query=NO_WAIT),
    "check_environment": Asking(query=NO_WAIT),
    "remove_environment": _of("removed"),
    "create_backup": _of("backed"),
    "create_snapshot": _of("snapped"),
    "cancel_backup": Asking(at={"backup_id": "queued_backup_id"}),
    "delete_backup": Asking(at={"backup_id": "deleted_backup_id"}),
    "delete_snapshot": Asking(at={"snapshot_id": "dropped_backup_id"}),
    "recover_backup": Asking(at={"backup_id": "lost_backup_id"}),
    "acquire_lease": Asking(body={"holder": "another copy", "until": "$until"}),
    "release_lease": Asking(at={"backup_id": "held_backup_id"}),
    "create_restore": _of("target", body=BACKUP),
    "create_snapshot_restore": _of("scripted", query={"source_snapshot_id": "$backup_id"}),
    "show_snapshot_restore": _of("restored"),
    "cancel_restore": Asking(at={"restore_id": "begun_restore_id"}),
    "create_preflight": Asking(body=BACKUP, query=NO_WAIT),
    "cancel_preflight": Asking(at={"preflight_id": "running_preflight_id"}, query=NO_WAIT),
    "send_part": Asking(body=SENT),
    "give_up_parcel": Asking(at={"parcel_id": "unwanted_parcel_id"}),
    "import_backup": _of("imported", body={"parcel_id": "$imported_parcel_id"}),
    "create_upload": _of("cleared", body=FILE | {"parcel_id": "$cleared_parcel_id"}),
    "cancel_upload": Asking(at={"upload_id": "begun_upload_id"}),
    "cancel_archive": Asking(at={"archive_id": "queued_archive_id"}),
    "download_archive": Asking(query=LINK),
    "look_at_archive": Asking(query=LINK),
    "shred_backups": _of("shredding", body={"confirm_name": "shredding"}),
    "show_shredding": _of("shredded"),
    "approve_policy_change": Asking(body={"digest": "$restored_digest"}),
    "withdraw_policy_change": Asking(at={"policy_change_id": "restoring_policy_change_id"}),
    "list_alerts": Asking(query=OWN),
    "list_audit": Asking(query=OWN | BACKUP),
    "try_webhook": Asking(query=NO_WAIT),
    "delete_webhook": Asking(at={"webhook_id": "dropped_webhook_id"}),
    "add_organisation": Asking(body={"name": "$new_name"}),
    "add_user": Asking(body={"name": "$new_name", "organisation_id": "$organisation_id"}),
    "remove_user": Asking(at={"user_id": "removed_user_id"}),
    "accept_invitation": Asking(body={"token": "$invitation"}),
    "sign_in": Asking(body={"user": "$user_name", "password": "$password"}),
    "show_session": Asking(headers={"Cookie": f"{COOKIE}=$session"}),
    "sign_out": Asking(headers={"Cookie": f"{COOKIE}=$session", CSRF_HEADER: "$csrf_token"}),
}
