"""Edit Mapping of LeadSquared Lead Sync, driven as a browser does, against the practice account."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from integrations.core.models import FieldMapping
from tests.connectors.leadsquared.people import saved, shown, url

pytest_plugins = ("tests.connectors.leadsquared.people",)
BLANKS = 3


@pytest.fixture
def page(leadsync: Any) -> str:
    return url("mapping", leadsync, "lead")


def form(connection: Any, *more: dict[str, Any], changes: dict[str, dict[str, Any]] | None = None) -> dict[str, Any]:
    """What the browser would send: the saved rows, with `changes` by target, and `more` new ones."""
    rows: list[dict[str, Any]] = []
    for row in connection.mappings.filter(record_type="lead"):
        values = {"id": row.pk, "source": row.source, "target": row.target, "default": row.default}
        values |= {"enabled": "on" if row.enabled else "", "position": row.position}
        values |= {"is_key": "on" if row.target == connection.search_by else ""}
        rows.append(values | (changes or {}).get(row.target, {}))
    new = [{"enabled": "on"} | values for values in more] + [{"enabled": "on"}] * BLANKS
    sent = {"rows-INITIAL_FORMS": len(rows), "rows-TOTAL_FORMS": len(rows) + len(new), "_save": ""}
    for number, values in enumerate([*rows, *new]):
        sent |= {f"rows-{number}-{name}": value for name, value in values.items() if value != ""}
    return sent


def targets(connection: Any) -> dict[str, FieldMapping]:
    return {row.target: row for row in connection.mappings.filter(record_type="lead")}


def test_it_shows_the_default_fields_with_the_accounts_types(mia: Client, leadsync: Any, page: str) -> None:
    text = shown(mia.get(page))
    assert '<option value="FirstName" selected>First Name · text (FirstName)</option>' in text
    assert "Newsletter · yes/no (mx_Newsletter)" in text
    assert 'aria-label="Source field, row 1"' in text


def test_a_row_is_changed_added_and_deleted(mia: Client, leadsync: Any, page: str) -> None:
    changes = {
        "FirstName": {"source": "Given", "default": "Friend"},
        "Company": {"DELETE": "on"},
        "Phone": {"enabled": ""},
    }
    mia.post(page, form(leadsync, {"source": "shop.city", "target": "mx_Favourite_Store"}, changes=changes))
    rows = targets(leadsync)
    assert (rows["FirstName"].source, rows["FirstName"].default) == ("Given", "Friend")
    assert "Company" not in rows
    assert not rows["Phone"].enabled
    assert rows["mx_Favourite_Store"].source == "shop.city"


def test_rows_stand_in_the_order_of_their_positions(mia: Client, leadsync: Any, page: str) -> None:
    mia.post(page, form(leadsync, changes={"EmailAddress": {"position": 50}}))
    assert leadsync.mappings.filter(record_type="lead").last().target == "EmailAddress"


def test_two_rows_may_exchange_their_targets(mia: Client, leadsync: Any, page: str) -> None:
    mia.post(page, form(leadsync, changes={"FirstName": {"target": "LastName"}, "LastName": {"target": "FirstName"}}))
    rows = targets(leadsync)
    assert (rows["LastName"].source, rows["FirstName"].source) == ("FirstName", "LastName")


@pytest.mark.parametrize(
    ("more", "changes", "sentence"),
    [
        ([{"source": "Kept", "target": "FirstName"}], {}, "Another row already fills FirstName."),
        ([{"source": "Kept"}], {}, "Choose the field of the destination"),
        ([{"target": "mx_Tier"}], {"LastName": {"default": "Kept"}}, "Name the source field, or give a Default Value."),
        ([{"source": "Kept", "target": "mx_Tier"}], {"EmailAddress": {"is_key": ""}}, "at least one unique field"),
        ([{"source": "Kept", "target": "mx_Tier"}], {"EmailAddress": {"enabled": ""}}, "must be switched on"),
        ([{"source": "Kept", "target": "mx_Tier", "is_key": "on"}], {}, "is not a unique field"),
        ([{"source": "Kept", "target": "mx_Tier"}], {"EmailAddress": {"source": "DoNotCall"}}, "A search key must fit"),
        (
            [{"source": "Kept", "target": "mx_Customer_Number", "is_key": "on"}],
            {"Phone": {"is_key": "on"}},
            "There can be 2 search keys at most",
        ),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    mia: Client, leadsync: Any, page: str, more: Any, changes: Any, sentence: str
) -> None:
    before = list(leadsync.mappings.values())
    versions = leadsync.versions.count()
    text = shown(mia.post(page, form(leadsync, *more, changes=changes)))
    assert sentence in text
    assert "Nothing was saved." in text
    assert 'value="Kept"' in text
    assert list(leadsync.mappings.values()) == before
    assert leadsync.versions.count() == versions


def test_types_that_conflict_are_marked_but_do_not_hinder_saving(mia: Client, leadsync: Any, page: str) -> None:
    row = {"source": "DoNotEmail", "target": "mx_Points"}
    text = shown(mia.post(page, form(leadsync, row), follow=True))
    assert "The mapping is saved." in text
    assert "need a look" in text
    assert "DoNotEmail sends yes/no, mx_Points takes number: records with a value here will fail." in text
    assert targets(leadsync)["mx_Points"].source == "DoNotEmail"


def test_the_marked_rows_become_the_search_criteria(mia: Client, leadsync: Any, page: str) -> None:
    mia.post(page, form(leadsync, changes={"Phone": {"is_key": "on"}}))
    assert (saved(leadsync).search_by, saved(leadsync).secondary_search_by) == ("EmailAddress", "Phone")
    mia.post(page, form(leadsync, changes={"Phone": {"is_key": "on"}, "EmailAddress": {"is_key": ""}}))
    assert (saved(leadsync).search_by, saved(leadsync).secondary_search_by) == ("Phone", "")
    assert [row.target for row in leadsync.mappings.filter(is_key=True)] == ["Phone"]


def test_saving_the_mapping_makes_one_version_and_one_line_of_history(mia: Client, leadsync: Any, page: str) -> None:
    versions, history = leadsync.versions.count(), FieldMapping.history.count()
    mia.post(page, form(leadsync))
    first = leadsync.versions.count()
    mia.post(page, form(leadsync, changes={"FirstName": {"source": "Given"}}))
    assert leadsync.versions.count() == first + 1
    assert first <= versions + 1
    newest = FieldMapping.history.first()
    assert (newest.source, newest.history_user.username) == ("Given", "mia")
    assert FieldMapping.history.count() > history
    text = shown(mia.get(url("history", leadsync)))
    assert "Given → FirstName" in text


def test_a_row_that_somebody_else_added_meanwhile_stays(mia: Client, leadsync: Any, page: str) -> None:
    sent = form(leadsync)
    FieldMapping.objects.create(connection=leadsync, record_type="lead", source="Tier", target="mx_Tier", position=99)
    mia.post(page, sent)
    assert "mx_Tier" in targets(leadsync)


def test_rows_of_another_connection_can_not_be_changed(
    mia: Client, leadsync: Any, page: str, make_leadsync: Any
) -> None:
    other = make_leadsync(name="Somebody else's")
    theirs = targets(other)["FirstName"]
    mia.post(page, form(leadsync, changes={"FirstName": {"id": theirs.pk, "source": "Stolen"}}))
    theirs.refresh_from_db()
    assert (theirs.source, theirs.connection_id) == ("FirstName", other.pk)


def test_add_custom_creates_the_field_and_asks_to_map_it(
    mia: Client, leadsync: Any, page: str, destination: Any
) -> None:
    sent = form(leadsync, {"source": "Kept", "target": "mx_Tier"})
    del sent["_save"]
    text = shown(mia.post(page, sent | {"_custom": "", "custom_label": "Shoe size", "custom_kind": "number"}))
    assert "mx_Shoe_size was created in the account" in text
    assert '<option value="mx_Shoe_size" selected>Shoe size · number (mx_Shoe_size)</option>' in text
    assert 'value="Kept"' in text
    assert "mx_Shoe_size" not in targets(leadsync)


@pytest.mark.parametrize(
    ("label", "kind", "sentence"),
    [
        ("", "text", "Give the field a name"),
        ("Colour", "choice", "Choose the type"),
        ("Tier", "text", "already exists"),
    ],
)
def test_a_custom_field_that_can_not_be_made_says_why(
    mia: Client, leadsync: Any, page: str, label: str, kind: str, sentence: str
) -> None:
    sent = form(leadsync, {"source": "Kept", "target": "mx_Tier"})
    del sent["_save"]
    text = shown(mia.post(page, sent | {"_custom": "", "custom_label": label, "custom_kind": kind}))
    assert sentence in text
    assert 'value="Kept"' in text


def test_refresh_reads_the_fields_again_and_keeps_what_was_typed(
    mia: Client, leadsync: Any, page: str, destination: Any
) -> None:
    mia.get(page)
    destination.field(DisplayName="Loyal Since", DataType="Date")
    assert "Loyal Since" not in shown(mia.get(page))
    sent = form(leadsync, {"source": "Kept", "target": "mx_Tier"})
    del sent["_save"]
    text = shown(mia.post(page, sent | {"_refresh": ""}))
    assert "Loyal Since · date (mx_Loyal_Since)" in text
    assert 'value="Kept"' in text


def test_more_rows_can_be_had_without_a_script(mia: Client, leadsync: Any, page: str) -> None:
    sent = form(leadsync, {"source": "Kept"})
    del sent["_save"]
    text = shown(mia.post(page, sent | {"_more": ""}))
    rows = leadsync.mappings.filter(record_type="lead").count()
    assert f'name="rows-TOTAL_FORMS" value="{rows + 1 + 3 * BLANKS}"' in text
    assert 'value="Kept"' in text


def test_it_works_with_typed_names_while_the_vendor_is_away(
    mia: Client, leadsync: Any, page: str, destination: Any
) -> None:
    leadsync.catalogs.all().delete()
    destination.fault("unavailable", times=None)
    assert "you can type their names" in shown(mia.get(page))
    mia.post(page, form(leadsync, {"source": "Tier", "target": "mx_Tier"}))
    assert targets(leadsync)["mx_Tier"].source == "Tier"


def test_activities_have_a_mapping_of_their_own(mia: Client, leadsync: Any) -> None:
    text = shown(mia.get(url("mapping", leadsync, "activity")))
    assert "Activity type (code)" in text
    assert "Search key" not in text
    assert mia.get(url("mapping", leadsync, "ticket")).status_code == 404
