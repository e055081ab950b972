"""A long replay is cut into parts that are about equally long."""

from services.catalog.projection.sharing import Engines, Sharing, shares
from services.platform.process.settings import KafkaSettings, LogSettings, PostgresSettings, RehearsalSettings

ENGINES = Engines(
    KafkaSettings(bootstrap_servers="nowhere:1"),
    PostgresSettings(host="nowhere", user="nobody", password="none"),  # noqa: S106 -- of nobody
    LogSettings(),
    RehearsalSettings(),
)


def test_every_partition_is_in_one_share_and_the_shares_are_about_as_long() -> None:
    missing = {0: (0, 100), 1: (50, 60), 2: (0, 40), 3: (7, 37), 4: (0, 20)}
    parts = shares(missing, 2)
    assert parts == [{0: (0, 100)}, {2: (0, 40), 3: (7, 37), 4: (0, 20), 1: (50, 60)}]


def test_there_are_no_more_shares_than_partitions() -> None:
    assert shares({3: (0, 9), 4: (0, 9)}, 8) == [{3: (0, 9)}, {4: (0, 9)}]
    assert shares({}, 8) == []


def test_fillers_pay_where_there_is_much_in_several_partitions() -> None:
    sharing = Sharing(ENGINES, fillers=2, long_events=100)
    assert sharing.pays({0: (0, 50), 1: (100, 150)})
    assert not sharing.pays({0: (0, 50), 1: (100, 149)})
    assert not sharing.pays({0: (0, 5000)})
    assert not Sharing(ENGINES, fillers=1, long_events=100).pays({0: (0, 50), 1: (0, 50)})
