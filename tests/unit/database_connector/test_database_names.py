"""Names, marks and likenesses of databases."""

from uuid import UUID

import pytest

from services.platform.connectors.database.switching import names
from services.platform.connectors.database.switching.likeness import Likeness, Setting, creation, setting

RESTORE = UUID("5f0c1234-0000-4000-8000-000000000001")
OTHER = UUID("5f0c1234-0000-4000-8000-000000000002")
PLAIN = Likeness(1, "shop", "UTF8", "C.UTF-8", "C.UTF-8", "c", None, None, None, -1, True, False, None)  # noqa: FBT003 -- a row


def test_every_name_fits_into_postgresql() -> None:
    longest = names.beside(RESTORE, 10**15)
    assert max(len(each) for each in (longest, names.previous(RESTORE), names.undone(RESTORE))) <= 63


def test_a_mark_takes_the_place_of_an_earlier_one() -> None:
    marked = names.marked("the shop [nightkeep restore 5f0c1234-0000-4000-8000-000000000002]", RESTORE)
    assert marked == f"the shop [nightkeep restore {RESTORE}]"
    assert names.restore_in(marked) == RESTORE
    assert names.unmarked(marked) == "the shop"


@pytest.mark.parametrize(
    "comment", [None, "", "the shop", "[nightkeep restore x]", f"[nightkeep restore {OTHER}] live"]
)
def test_a_comment_without_a_mark_at_its_end_names_no_restore(comment: str | None) -> None:
    assert names.restore_in(comment) is None


def test_a_new_database_is_made_like_the_old_one() -> None:
    icu = Likeness(1, "shop", "UTF8", "C", "C", "i", "de-DE", "&a < b", "fast", -1, True, False, None)  # noqa: FBT003 -- a row
    assert creation("new", icu) == (
        "CREATE DATABASE \"new\" TEMPLATE template0 OWNER \"shop\" ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' "
        "LOCALE_PROVIDER icu ICU_LOCALE 'de-DE' ICU_RULES '&a < b' TABLESPACE \"fast\""
    )
    assert "TABLESPACE" not in creation("new", PLAIN)


@pytest.mark.parametrize(
    ("one", "statement"),
    [
        (Setting(None, "app.x", "it's \\"), "ALTER DATABASE \"n\" SET \"app.x\" TO E'it''s \\\\'"),
        (Setting("r", "work_mem", "1MB"), 'ALTER ROLE "r" IN DATABASE "n" SET "work_mem" TO \'1MB\''),
        (
            Setting(None, "search_path", '"$user", "a, ""b""", c'),
            "ALTER DATABASE \"n\" SET \"search_path\" TO '$user', 'a, \"b\"', 'c'",
        ),
        (Setting(None, "search_path", '""'), 'ALTER DATABASE "n" SET "search_path" TO \'\''),
    ],
)
def test_settings_are_copied_as_they_are(one: Setting, statement: str) -> None:
    assert setting("n", one) == statement
