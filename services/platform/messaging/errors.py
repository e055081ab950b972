"""What can go wrong between a service and Kafka, each with its answer to "retry?".

NightkeepError
├── TransientError
│   ├── BrokerUnavailableError   it cannot be reached or does not answer: try again
│   └── SendInDoubtError         records were perhaps written: send them again under the same ids
├── RecordRefusedError           the broker will never take this record
├── TopicMismatchError           a topic is not what its rule says: an operator must look
├── LogForkedError               the log and PostgreSQL have parted: stop
└── DeadLetterNotFoundError      there is no such dead letter
"""

from services.platform.process.errors import NightkeepError, TransientError


class BrokerUnavailableError(TransientError):
    """Kafka cannot be reached, or does not answer in time."""


class SendInDoubtError(TransientError):
    """Records were perhaps written, perhaps not; the same ids make another send harmless."""


class RecordRefusedError(NightkeepError):
    """The broker will never take this record as it is."""


class TopicMismatchError(NightkeepError):
    """A topic exists and is not what its rule says; an operator must look, nothing is repaired."""


class LogForkedError(NightkeepError):
    """The log and PostgreSQL have parted: the same place of a stream holds another event, or the log begins anew."""


class DeadLetterNotFoundError(NightkeepError):
    """There is no dead letter at this place."""
