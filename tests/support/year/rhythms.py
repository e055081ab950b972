"""Ten places and when their nights are: every row of the table, and each way to override it (spec: retention §1)."""

from typing import Final

from tests.support.script import Json
from tests.support.year.model import Rhythm


def _utc(hour: int, minute: int, ahead: int, **fields: object) -> Rhythm:
    local = hour * 60 + minute + ahead
    return Rhythm(local // 60 % 24, local % 60, ahead, fields)


def _own(at: str) -> Json:
    return {"kind": "utc", "at": at}


def _wall_clock(at: str, zone: str) -> Json:
    return {"kind": "wall-clock", "at": at, "zone": zone}


RHYTHMS: Final = (
    _utc(19, 0, 60, region="europe", cloud_version="v4"),
    _utc(19, 0, 60, region="europe", cloud_version="v4"),
    _utc(19, 0, 60, region="europe", cloud_version="v4"),
    _utc(22, 0, 60, region="europe", cloud_version="v3"),
    _utc(1, 0, -300, region="us-east", cloud_version="v4"),
    _utc(5, 0, -300, region="us-east", cloud_version="v3"),
    _utc(16, 0, 540, region="asia-pacific", cloud_version="v4"),
    _utc(18, 55, 540, region="asia-pacific", cloud_version="v4", schedule=_own("18:55")),
    Rhythm(0, 45, 345, {"region": "europe", "cloud_version": "v4", "schedule": _wall_clock("00:45", "Asia/Kathmandu")}),
    Rhythm(
        20,
        0,
        60,
        {"region": "europe", "cloud_version": "v4", "schedule": _wall_clock("20:00", "Europe/Berlin")},
        berlin=True,
    ),
)
