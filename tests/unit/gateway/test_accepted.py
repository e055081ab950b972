"""What is shown of a backup before the read model has it is what the read model shows first."""

import json

from contracts.events.backups import BackupRequested
from services.catalog.projection.views.backup import view
from services.gateway.domain.accepted import queued
from services.gateway.resources import Backup
from services.gateway.resources.v2 import Snapshot
from tests.support.histories import History


def test_a_queued_backup_is_shown_as_the_read_model_will_show_it() -> None:
    said = History().body("BackupRequested")
    assert isinstance(said, BackupRequested)
    first = view(None, said)
    assert first is not None
    document = json.loads(first.model_dump_json())
    accepted = queued(json.loads(said.model_dump_json()) | {"what_a_later_release_says": 1})

    assert Backup.model_validate(accepted) == Backup.model_validate(document)
    assert Snapshot.of(accepted) == Snapshot.of(document)
