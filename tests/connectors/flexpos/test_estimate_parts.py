"""What an estimate keeps of a list, and what it says an import costs."""

from __future__ import annotations

from datetime import date

import pytest

from integrations.connectors.flexpos.estimate_cost import Cost, Work
from integrations.connectors.flexpos.initial_import import Choices
from integrations.connectors.flexpos.list_digest import ListDigest
from integrations.connectors.heyloyalty.fields import ListField, MemberList
from integrations.connectors.heyloyalty.values import changes

ANNA = "anna@example.test"
FIELDS = ("city", "sex", "note")
LIST = MemberList(1, "Customers", {name: ListField(name, name) for name in FIELDS})
WORK = Work(created=900, updated=100, lines=1200, flexpos_pages=59)
CHOSEN = Choices(date(2026, 2, 1), date(2026, 2, 28))


def digest_of(**values: str | None) -> ListDigest:
    """Of a list on which Anna is the only member."""
    found = ListDigest(FIELDS)
    found.add(ANNA, values)
    return found


def would_change(found: ListDigest, **row: str) -> list[str]:
    seen = found.seen(ANNA, LIST, row)
    assert seen is not None
    return changes(LIST, row, seen.values)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"city": "Odense", "sex": "1"}, []),
        ({"city": "Odense"}, []),
        ({"city": "Aarhus", "sex": "1"}, ["city"]),
        ({"city": "1", "sex": "Odense"}, ["city", "sex"]),
        ({"note": "new"}, ["note"]),
        ({"note": ""}, []),
    ],
)
def test_what_would_change_is_told_as_by_the_member_itself(row: dict[str, str], expected: list[str]) -> None:
    assert would_change(digest_of(city="Odense", sex="1", note=None), **row) == expected


def test_an_empty_field_is_told_from_a_full_one() -> None:
    seen = digest_of(city="Odense").seen(ANNA, LIST, {})
    assert seen is not None
    assert (seen.values["note"], bool(seen.values["city"])) == (None, True)


def test_somebody_who_is_not_on_the_list_is_not_seen() -> None:
    assert digest_of().seen("bo@example.test", LIST, {}) is None


def test_what_would_be_sent_is_there_afterwards() -> None:
    found = digest_of(city="Odense", sex="1")
    found.write(ANNA, LIST, {"city": "Aarhus"})
    assert would_change(found, city="Aarhus", sex="1") == []
    found.write("bo@example.test", LIST, {"city": "Vejle"})
    seen = found.seen("bo@example.test", LIST, {"city": "Vejle"})
    assert seen is not None and (seen.values["city"], seen.values["sex"]) == ("Vejle", None)


def test_of_two_members_with_one_address_the_first_counts() -> None:
    found = digest_of(city="Odense")
    found.add(ANNA, {"city": "Aarhus"})
    assert would_change(found, city="Odense") == []


def test_a_digest_is_the_same_after_it_was_kept() -> None:
    found = ListDigest(FIELDS)
    for number in range(200):
        found.add(f"n{number}@example.test", {"city": str(number), "sex": None})
    again = ListDigest(FIELDS, found.packed())
    assert (len(again), again.packed()) == (200, found.packed())
    seen = again.seen("n11@example.test", LIST, {"city": "11"})
    assert seen is not None and seen.values == {"city": "11", "sex": None, "note": None}
    assert len(ListDigest(FIELDS, ListDigest(FIELDS).packed())) == 0


def test_what_is_kept_of_a_member_is_short_and_names_nobody() -> None:
    fields = [f"field{number}" for number in range(10)]
    found = ListDigest(fields)
    for number in range(1000):
        found.add(f"n{number}@example.test", {name: f"{name} {number}" for name in fields})
    assert len(found.packed()) < 100 * 1000
    assert "example" not in found.packed() and "field" not in found.packed()


@pytest.mark.parametrize(
    ("opt_in", "automations", "mails"), [(False, False, 0), (True, False, 900), (False, True, 1000), (True, True, 1900)]
)
def test_mails_are_the_most_there_can_be(opt_in: bool, automations: bool, mails: int) -> None:
    choices = Choices(date(2026, 2, 1), date(2026, 2, 28), opt_in=opt_in, automations=automations)
    assert Cost.of(WORK, choices, 60, 5).mails == mails


def test_opt_in_takes_a_call_a_member_and_files_far_fewer() -> None:
    files = Cost.of(WORK, CHOSEN, 60, 5)
    single = Cost.of(WORK, Choices(CHOSEN.first, CHOSEN.last, opt_in=True), 60, 5)
    assert single.heyloyalty_calls == 1000 + 10 + 3
    assert files.heyloyalty_calls * 20 < single.heyloyalty_calls


def test_the_slower_side_tells_the_time() -> None:
    assert Cost.of(WORK, CHOSEN, 60, 5).seconds == 60
    assert Cost.of(WORK, CHOSEN, 600, 5).seconds < 60
    assert Cost.of(WORK, Choices(CHOSEN.first, CHOSEN.last, opt_in=True), 60, 5).seconds == pytest.approx(1013 / 5)
