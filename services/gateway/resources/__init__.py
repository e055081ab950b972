"""What the HTTP API shows and takes: one shape per resource, the same for the server and for its client.

Ids, states and times have the meaning of the messages that they come from (spec: messages). Times are UTC. A field
that has no value yet is null. A reader must bear fields that it does not know.
"""

from services.gateway.resources.alerts import (
    Alert,
    AlertPage,
    CreatedWebhook,
    Delivery,
    DeliveryPage,
    NewWebhook,
    Try,
    Webhook,
    WebhookList,
)
from services.gateway.resources.apps import (
    App,
    AppChange,
    AppPage,
    Check,
    Deployment,
    Environment,
    EnvironmentChange,
    EnvironmentPage,
    NewApp,
    NewEnvironment,
    Reclaimed,
    Space,
    StoppedSweep,
    Stored,
)
from services.gateway.resources.archives import Archive, ArchivePage
from services.gateway.resources.backups import (
    Backup,
    BackupPage,
    BackupPreview,
    CommentText,
    Failure,
    NewBackup,
    NewLease,
    NewPin,
)
from services.gateway.resources.contents import BackedUpFile, BackedUpTable, FilePage, TableList
from services.gateway.resources.platform import DeadLetter, DeadLetterPage, PlatformStatus, Replayed
from services.gateway.resources.policies import (
    AnyPolicy,
    Approval,
    NewPolicy,
    PolicyChange,
    PolicyInForce,
    WantedPolicy,
)
from services.gateway.resources.restores import NewRestore, Preflight, Restore, RestorePage
from services.gateway.resources.shapes import Asked, PageSize, Refusal
from services.gateway.resources.slots import Slot, SlotPage

__all__ = [
    "Alert",
    "AlertPage",
    "AnyPolicy",
    "App",
    "AppChange",
    "AppPage",
    "Approval",
    "Archive",
    "ArchivePage",
    "Asked",
    "BackedUpFile",
    "BackedUpTable",
    "Backup",
    "BackupPage",
    "BackupPreview",
    "Check",
    "CommentText",
    "CreatedWebhook",
    "DeadLetter",
    "DeadLetterPage",
    "Delivery",
    "DeliveryPage",
    "Deployment",
    "Environment",
    "EnvironmentChange",
    "EnvironmentPage",
    "Failure",
    "FilePage",
    "NewApp",
    "NewBackup",
    "NewEnvironment",
    "NewLease",
    "NewPin",
    "NewPolicy",
    "NewRestore",
    "NewWebhook",
    "PageSize",
    "PlatformStatus",
    "PolicyChange",
    "PolicyInForce",
    "Preflight",
    "Reclaimed",
    "Refusal",
    "Replayed",
    "Restore",
    "RestorePage",
    "Slot",
    "SlotPage",
    "Space",
    "StoppedSweep",
    "Stored",
    "TableList",
    "Try",
    "WantedPolicy",
    "Webhook",
    "WebhookList",
]
