"""One real thing of every kind that addresses, queries and bodies of the API name, by the name that they give it."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any, Final
from uuid import UUID, uuid4

from contracts.codec import RawRecord
from contracts.topics import Topic
from services.gateway.domain.sessions import COOKIE
from tests.support.archiving import documents
from tests.support.downloading import Shelf, dump_of
from tests.support.eventually import eventually
from tests.support.gateway import Api, Json
from tests.support.sent_archives import tar_gz

Things = dict[str, str]
"""Ids, names and secrets; where an operation would spoil a thing for others, it has one of its own."""

DOCUMENTS: Final = documents(2, 1000)
SENT: Final = tar_gz({"tree/f6/19/f619a1b2-1111-4222-8333-444455556666": b"sent"})
ENVIRONMENTS: Final = ("queued", "backed", "snapped", "imported", "restored", "restoring", "target", "scripted",
                       "uploading", "uploaded", "cleared", "removed", "shredded", "shredding")  # fmt: skip
MUCH_LATER: Final = "UPDATE gateway.job SET run_after = now() + interval '1 hour' WHERE job_id = $1"
NOBODY_LISTENS: Final = "http://127.0.0.1:9/nobody"


async def filled(shelf: Shelf) -> Things:
    """The things of an app of the administrator's, of a customer of the platform and of its users."""
    backup = await shelf.backup(dump_of(10), DOCUMENTS)
    pool = _Pool(shelf, backup)
    await pool.environments()
    for fill in (pool.archives, pool.backups, pool.restores, pool.parcels, pool.uploads, pool.rules, pool.stops,
                 pool.platform, pool.people):  # fmt: skip
        await fill()
    return pool.things


class _Pool:
    def __init__(self, shelf: Shelf, backup: Json) -> None:
        self._shelf = shelf
        self._api: Api = shelf.api
        self._backup = backup
        self._environments: dict[str, Json] = {}
        self.things: Things = {
            "app_id": backup["app_id"],
            "project_id": backup["app_id"],
            "environment_id": backup["environment_id"],
            "backup_id": backup["backup_id"],
            "snapshot_id": backup["backup_id"],
            "document_id": str(next(iter(DOCUMENTS))),
            "table": "thing",
            "number": "0",
            "new_name": f"new-{token_hex(4)}",
        }

    async def environments(self) -> None:
        app = await self._got(f"/api/v1/apps/{self.things['app_id']}")
        made = [self._api.new_environment(app, name.replace("_", "-")) for name in ENVIRONMENTS]
        self._environments = dict(zip(ENVIRONMENTS, await asyncio.gather(*made), strict=True))
        self.things |= {f"{name}_environment_id": one["environment_id"] for name, one in self._environments.items()}
        free = await self._api.new_app()
        self.things |= {"app_name": app["slug"], "free_app_id": free["app_id"], "free_app_name": free["slug"]}

    async def archives(self) -> None:
        archive = await self._shelf.archive(self._backup)
        link = dict(one.split("=", 1) for one in archive["url"].partition("?")[2].split("&"))
        self.things |= {"archive_id": archive["archive_id"], "file_name": archive["file_name"]}
        self.things |= {f"link_{name}": value for name, value in link.items()}
        async with self._shelf.nothing_leased():
            queued = (await self._shelf.ask(self._backup, "database_only"))["archive_id"]
            await self._shelf.execute(MUCH_LATER, UUID(queued))
        self.things["queued_archive_id"] = queued

    async def backups(self) -> None:
        held, deleted, dropped = [await self._completed() for _ in range(3)]
        queued = await self._made(f"{self._at('queued')}/backups")
        until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        lease = {"lease_id": str(uuid4()), "holder": "a copy", "until": until}
        await self._made(f"/api/v1/backups/{held}/leases", lease)
        lost = await self._shelf.lost(self._backup)
        self.things |= {"held_backup_id": held, "lease_id": lease["lease_id"], "deleted_backup_id": deleted}
        self.things |= {"dropped_backup_id": dropped, "queued_backup_id": queued["backup_id"]}
        self.things |= {"lost_backup_id": lost, "until": until}

    async def restores(self) -> None:
        body = {"backup_id": self.things["backup_id"]}
        done, begun = [await self._made(f"{self._at(name)}/restores", body) for name in ("restored", "restoring")]
        history, stream = self._api.history(done), f"restore/restore/{done['restore_id']}"
        ids, now = {"restore_id": done["restore_id"]}, datetime.now(UTC)
        await self._api.tell(
            history.record(stream, "RestoreStarted", **ids),
            history.record(stream, "RestoreCompleted", **ids, switched_at=now, finished_at=now),
        )
        await self._api.eventually(f"/api/v1/restores/{done['restore_id']}", "state", "completed")
        looks = [await self._made(f"{self._at('target')}/preflights?wait_seconds=0", body) for _ in range(2)]
        self.things |= ids | {"begun_restore_id": begun["restore_id"]}
        self.things |= {"preflight_id": looks[0]["preflight_id"], "running_preflight_id": looks[1]["preflight_id"]}

    async def parcels(self) -> None:
        for name in ("parcel_id", "unwanted_parcel_id"):
            self.things[name] = await self._parcel("restored", sent=False)
        self.things |= {"imported_parcel_id": await self._parcel("imported")}
        self.things |= {"cleared_parcel_id": await self._parcel("cleared")}

    async def uploads(self) -> None:
        for thing, name in (("upload_id", "uploaded"), ("begun_upload_id", "uploading")):
            body = {"parcel_id": await self._parcel(name), "data_type": "files_only", "safety_backup": False}
            self.things[thing] = (await self._made(f"{self._at(name)}/uploads", body))["upload_id"]
        ended, history = self.things["upload_id"], self._api.history(self._environments["uploaded"])
        await self._api.tell(history.record(f"restore/upload/{ended}", "UploadFailed", upload_id=ended))
        await self._api.eventually(f"/api/v1/uploads/{ended}", "state", "failed")

    async def rules(self) -> None:
        body = {"policy": {"name": "short", "daily": {"days": 1}}, "apply_to_existing": True}
        for name in ("restored", "restoring"):
            change = (await self._api.client.put(f"{self._at(name)}/policy", json=body)).json()
            self.things |= {f"{name}_policy_change_id": change["policy_change_id"], f"{name}_digest": change["digest"]}
        self.things["policy_change_id"] = self.things["restored_policy_change_id"]

    async def stops(self) -> None:
        await self._made(f"{self._at('shredded')}/shredding", {"confirm_name": "shredded"})
        history, sweep_id, stop_id = self._api.history(self._backup), str(uuid4()), str(uuid4())
        await self._api.tell(
            history.record(f"retention/sweep/{sweep_id}", "SweepStopped", sweep_id=sweep_id),
            history.record(f"snapshot/schedule/{stop_id}", "ScheduleStopped", stop_id=stop_id),
        )
        await self._api.eventually_sweep(self._backup, sweep_id)
        await self._api.eventually_stopped(self._backup, stop_id)
        self.things |= {"sweep_id": sweep_id, "stop_id": stop_id}

    async def platform(self) -> None:
        kept, dropped = [await self._made("/api/v1/webhooks", {"url": NOBODY_LISTENS}) for _ in range(2)]
        self.things |= {"webhook_id": kept["webhook_id"], "dropped_webhook_id": dropped["webhook_id"]}
        self.things["dead_letter_id"] = await self._letter()

    async def people(self) -> None:
        customer = await self._made("/api/v1/organisations", {"name": f"org-{token_hex(4)}"})
        users = [await self._made("/api/v1/users", {"name": f"user-{token_hex(4)}"}) for _ in range(3)]
        stays, goes, comes = [one["user_id"] for one in users]
        self.things |= {"organisation_id": customer["organisation_id"]}
        self.things |= {"user_id": stays, "removed_user_id": goes, "user_name": users[0]["name"]}
        invited = await self._made(f"/api/v1/users/{comes}/invitations")
        key = await self._made("/api/v1/keys", {"name": "pipeline", "scopes": ["read"]})
        self.things |= {"invitation": invited["token"], "key_id": key["key_id"], "password": f"correct {token_hex(8)}"}
        await self._session()

    async def _session(self) -> None:
        """Of the user who stays."""
        invited = await self._made(f"/api/v1/users/{self.things['user_id']}/invitations")
        password = self.things["password"]
        async with self._api.connect() as stranger:
            key = (await stranger.post("/api/v1/invitations/accept", json={"token": invited["token"]})).json()
        async with self._api.connect(key["api_key"]) as user:
            assert (await user.put("/api/v1/password", json={"password": password})).is_success
        async with self._api.connect() as browser:
            asked = {"user": self.things["user_name"], "password": password}
            answer = await browser.post("/api/v1/session", json=asked)
        cookie = answer.headers["set-cookie"].partition(";")[0].removeprefix(f"{COOKIE}=")
        self.things |= {"session": cookie, "csrf_token": answer.json()["csrf_token"]}

    async def _completed(self) -> str:
        backup = await self._made(f"/api/v1/environments/{self.things['environment_id']}/backups")
        await self._api.completed(self._backup, backup)
        return str(backup["backup_id"])

    async def _parcel(self, name: str, *, sent: bool = True) -> str:
        body = {"size_bytes": len(SENT), "sha256": hashlib.sha256(SENT).hexdigest()}
        parcel = await self._made(f"{self._at(name)}/parcels", body)
        if sent:
            answer = await self._api.client.put(f"/api/v1/parcels/{parcel['parcel_id']}/parts/0", content=SENT)
            assert answer.is_success, answer.text
        return str(parcel["parcel_id"])

    async def _letter(self) -> str:
        message_id = uuid4()
        await self._api.producer.send(Topic.COMMANDS, _unknown(message_id))

        async def look() -> str | None:
            found = (await self._got("/api/v1/dead-letters"))["dead_letters"]
            return next((str(one["dead_letter_id"]) for one in found if one["message_id"] == str(message_id)), None)

        letter = await eventually(look)
        assert letter is not None
        return letter

    def _at(self, name: str) -> str:
        return f"/api/v1/environments/{self._environments[name]['environment_id']}"

    async def _got(self, path: str) -> Json:
        return dict((await self._api.client.get(path)).json())

    async def _made(self, path: str, body: Any = None) -> Json:  # noqa: ANN401 -- JSON
        answer = await self._api.client.post(path, json=body)
        assert answer.is_success, f"{path}: {answer.text}"
        return dict(answer.json())


def _unknown(message_id: UUID) -> RawRecord:
    """A command that no catalog knows."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(message_id),
        "ce_source": "urn:test",
        "ce_type": "nightkeep.command.NoSuchCommand.v1",
        "ce_time": "2026-03-04T12:00:00Z",
        "content-type": "application/json",
    }
    return RawRecord(b"platform", b"{}", tuple((name, value.encode()) for name, value in headers.items()))
