"""What an auditor reads: each event of the log once, whoever said it."""

from tests.history.evidence import Evidence, Json, Record


def rows(evidence: Evidence) -> dict[str, Json]:
    """By the event's id."""
    return {record.id: _told(record) for record in evidence.distinct()}


def _told(record: Record) -> Json:
    headers = record.headers
    return {
        "what": record.name,
        "at": headers["ce_time"],
        "sequence": int(headers["ce_sequence"]),
        "actor": headers["ce_actor"],
        "correlation_id": headers["ce_correlationid"],
        "key_id": record.data.get("key_id"),
    }
