"""What the routes work with, wired once by `bootstrap`."""

from dataclasses import dataclass, field

from contracts.defaults import DEPLOYED_URL
from services.gateway.adapters.access_log import AccessLog
from services.gateway.adapters.alerts import AlertBook
from services.gateway.adapters.archives import Archives
from services.gateway.adapters.asked import Asked
from services.gateway.adapters.audit import Audit
from services.gateway.adapters.authentication import Authenticator
from services.gateway.adapters.changes import Changes
from services.gateway.adapters.contents import BackupContents
from services.gateway.adapters.dead_letters import DeadLetterBox
from services.gateway.adapters.downloads import Downloads
from services.gateway.adapters.goodbye import Goodbye
from services.gateway.adapters.grants import Grants
from services.gateway.adapters.keys import Keys
from services.gateway.adapters.openid import OpenId
from services.gateway.adapters.parcels import ParcelDesk
from services.gateway.adapters.people import People
from services.gateway.adapters.permits import Permits
from services.gateway.adapters.places import Places
from services.gateway.adapters.policies import Policies
from services.gateway.adapters.rates import Rates
from services.gateway.adapters.read_model import ReadModel
from services.gateway.adapters.renewals import Renewals
from services.gateway.adapters.sessions import Sessions
from services.gateway.adapters.steady import SteadyLists
from services.gateway.adapters.tide import Tide
from services.gateway.adapters.webhooks import Webhooks
from services.platform.messaging.progress import ProgressTail
from services.platform.process.clock import Clock
from services.platform.process.health import Health


@dataclass(frozen=True)
class Parts:
    """One of each; `goodbye` is said when the process ends, so that nobody is held.

    `public_url` is where people reach the gateway, where that is known, `deployed_url` where apps answer
    (see GatewaySettings).
    """

    authenticator: Authenticator
    permits: Permits
    people: People
    keys: Keys
    grants: Grants
    access_log: AccessLog
    rates: Rates
    sessions: Sessions
    changes: Changes
    asked: Asked
    read_model: ReadModel
    audit: Audit
    tide: Tide
    progress: ProgressTail
    dead_letters: DeadLetterBox
    policies: Policies
    alerts: AlertBook
    webhooks: Webhooks
    clock: Clock
    archives: Archives
    renewals: Renewals
    steady_lists: SteadyLists
    downloads: Downloads
    contents: BackupContents
    parcels: ParcelDesk
    parcel_places: Places
    health: Health
    public_url: str | None = None
    deployed_url: str = DEPLOYED_URL
    openid: OpenId | None = None
    goodbye: Goodbye = field(default_factory=Goodbye)
