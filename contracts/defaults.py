"""Every default of the product in one place, with its unit and its reason (spec: messages, "Defaults").

What an operator may choose is a field of `services.platform.process.settings`; the others are the same everywhere,
since several services, or what users were told, rely on them.
"""

from typing import Final

LEASE_SECONDS: Final = 60
"""A worker that was not heard of for so long has lost its job."""
HEARTBEAT_SECONDS: Final = 15
"""Three beats may be lost before the lease is."""
SILENT_SECONDS: Final = 15
"""A process that sleeps holds its transaction's locks no longer: others get them well before its lease ends."""
NO_PROGRESS_SECONDS: Final = 15 * 60
"""A job that moves nothing for so long ends its attempt and is tried again."""
STALL_SECONDS: Final = 5
"""An event loop that stands still for so long is about to lose its place in Kafka's groups, and then its leases."""
SETTLE_SECONDS: Final = 15
"""How long it is not relied on after that; whoever asks every few seconds has seen it."""
JOB_TRIES: Final = 5
"""After transient errors; a fault that outlasts these needs a person."""
BACKOFF_FIRST_SECONDS: Final = 5
BACKOFF_LAST_SECONDS: Final = 5 * 60
"""Doubling from the first to the last, with jitter."""

DEPLOYED_URL: Final = "https://{app}.invalid/{environment}"
"""What the Deploy API says where nobody has said more: scripts pass over what has no address, and few of them open it.
The domain is one that never leads anywhere."""
NIGHTLY_COMMENT: Final = "Nightly backup"
"""As long as nobody writes another; the compatible API says it in the words that its scripts look for."""
NIGHTLY_TRIES: Final = 3
NIGHTLY_WAIT_MINUTES: Final = (5, 15)
"""A fault that is over within minutes costs no night, and one that is not does not hold the morning up."""
NIGHTLY_UNANSWERED: Final = 100
"""Nightly commands that wait for the catalog at once, at most; fewer while it lags."""
NIGHTLY_LAG_SECONDS: Final = 0.25
"""A nightly command that is decided later halves how many may wait: a person's command behind them waits as long."""
NIGHTLY_ANSWER_SECONDS: Final = 60
"""A nightly command without an outcome is sent again after this time by PostgreSQL's clock, under its id."""
NIGHTLY_HELD_SECONDS: Final = 120
"""An accepted nightly backup begins when all that are due are asked for, or after this time by PostgreSQL's clock."""
SCHEDULE_CAP_NIGHTS: Final = 14
"""More nights missed at once stop an environment's schedule: a wrong clock must not end it for a year."""
LATE_AFTER_MINUTES: Final = 15
"""A slot accepted later than this after its time is marked late."""

BACKUPS_PER_ENVIRONMENT: Final = 1
BACKUPS_PER_HOST: Final = 4
"""Backups at once on one database host: a backup must not hurt the apps."""
JOBS_PER_WORKER: Final = 2
"""One waits for its server or its store while the other has the processor."""
LIST_ALL_EVERY_DAYS: Final = 7
"""The state of a directory does not tell that a document was written over in place, which no app should do."""
READ_ALL_EVERY_DAYS: Final = 28
"""Stamps prove what is unchanged; that is not taken on trust for ever (spec: environments, "The backup")."""
LEAST_READ_BYTES_PER_SECOND: Final = 64 * 1024
"""Slower, the pieces that wait for their turn at once would look like a job that stands still."""
NICENESS: Final = 10
"""A tenth of the weight of an app on the same machine: it hardly notices, and leases are still kept in time."""

LOCK_WAIT_SECONDS: Final = 30
"""A dump never waits longer for a lock: the app would queue behind it."""
LOCK_TRIES: Final = 3
"""What holds a lock longer than all of them (a migration, a forgotten session) needs a person, who is told its name."""

UNDO_GRACE_HOURS: Final = 24
"""A working day to notice that the restore was the wrong one; what was there before takes room so long."""
REMOVAL_GRACE_HOURS: Final = 24
"""The same for a deletion, and for an expiry by a wrong clock."""
TOMBSTONE_DAYS: Final = 30
"""Longer than any worker, queue or listing could still tell of the backup that it stands for."""
COOLING_OFF_HOURS: Final = 72
"""A policy that shortens what is kept takes a weekend: somebody else should have seen it before anything goes."""

SWEEP_INTERVAL_MINUTES: Final = 10
SWEEP_CAP_COUNT: Final = 5
SWEEP_CAP_SHARE: Final = 0.10
"""More than both in one sweep of one environment stops it: a wrong clock must not empty a repository."""
EXPIRIES_AT_ONCE: Final = 500
"""Commands of sweeps before the catalog at once: it decides thousands a second, and a person must not wait behind."""
EXPIRY_ANSWER_SECONDS: Final = 60
"""An ExpireBackup without an answer is sent again, with the same id: nobody waits for it."""

ARCHIVE_LINK_HOURS: Final = 8
"""A working day (spec: backups-api-v2)."""
ARCHIVE_LEASE_HOURS: Final = 8
"""From the request on; moved to the link's end when there is one."""
DOWNLOADS_AT_ONCE: Final = 32
"""Each takes some tens of megabytes, however large the archive is."""
PARCEL_PART_BYTES: Final = 8 * 1024 * 1024
"""Of a file that is sent: a part is in memory whole, and what a broken connection costs is one of them."""
PARCEL_PARTS_AT_ONCE: Final = 16
PARCEL_BYTES: Final = 1024**4
"""A file that is sent is no larger."""
COPY_LEASE_HOURS: Final = 1
LEASE_LONGEST_HOURS: Final = 24
"""Whoever works longer extends it on the way: what died must not hold a backup for ever."""
CONDEMNED_HOURS: Final = 24
"""From the mark that nothing needs a pack to its removal: longer than any backup or restore that had read its place
before, and a day in which somebody can still stop what should not have been let go."""

CHECK_INTERVAL_HOURS: Final = 7 * 24
CHECK_READ_PERCENT: Final = 25
"""Of the packs in each check, other ones each time: all are read within a month."""

PREFLIGHT_SECONDS: Final = 10
"""How long a preflight may look at an environment."""

COMMENT_CHARACTERS: Final = 1_000
"""A few paragraphs; it is in every list and every manifest."""
COMMAND_BYTES: Final = 256 * 1024
"""Everything that a command may say fits many times over, and a broker's own limit is a megabyte."""

WEBHOOK_SECONDS: Final = 15
"""A receiver that has not answered by then is called again later."""
WEBHOOK_TRIES: Final = 14
WEBHOOK_BACKOFF_LAST_SECONDS: Final = 60 * 60
"""Doubling from BACKOFF_FIRST_SECONDS: fourteen tries outlast a receiver that is away for half a working day."""
WEBHOOKS_AT_ONCE: Final = 8
WEBHOOKS_PER_HOST: Final = 4
"""A slow receiver keeps half of the places free for the others."""

ACCESS_GATHERED_SECONDS: Final = 60
"""Refusals and downloads are told so often: a flood of them is one event (architecture §2.18)."""
SESSION_HOURS: Final = 12
SESSION_IDLE_MINUTES: Final = 60
"""A working day; a browser that nobody uses is signed out within the hour."""
PASSWORD_CHARACTERS: Final = 12
"""At least; length is what makes a password hard to guess."""
INVITATION_DAYS: Final = 7
"""Whoever was invited has a week of holidays, and a lost token is worth nothing soon."""

RATE_PER_SECOND: Final = 20
RATE_BURST: Final = 100
"""Of one key in one process: a page full of lists is a burst, and no script polls ten times a second."""

PARTITIONS: Final = 12
"""Of commands and events; fixed for life, since changing it moves keys."""
REPLICATION_FACTOR: Final = 3
LOCAL_REPLICATION_FACTOR: Final = 1
MIN_INSYNC_REPLICAS: Final = 2
SESSION_TIMEOUT_SECONDS: Final = 10
LOCAL_SESSION_TIMEOUT_SECONDS: Final = 6
"""A restart after a crash waits so long for the dead member's place; on one machine nothing is slower than this."""

COMMANDS_KEPT_DAYS: Final = 7
"""A catalog that was away for a long weekend still finds all of them."""
PROGRESS_KEPT_HOURS: Final = 1
"""Told again every few seconds."""
DEAD_LETTERS_KEPT_DAYS: Final = 90
"""A quarter to look, mend and replay."""

FAILED_BACKUP_KEPT_DAYS: Final = 14
"""A failed backup is listed for so long (spec: retention §2)."""
READ_YOUR_WRITES_SECONDS: Final = 1.0
"""How long a read waits for the read model to reach the caller's own write (architecture §2.7)."""
CALL_ANSWER_SECONDS: Final = 10.0
"""How long a change waits for its outcome, and whoever names what was made just now for that to be readable: it takes
milliseconds; who waits longer is better told to ask again."""
