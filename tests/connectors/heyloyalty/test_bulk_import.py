"""The bulk import against the practice account: what became of each member, and in how many calls."""

from __future__ import annotations

import threading

import pytest

from integrations.connectors.heyloyalty import bulk
from integrations.connectors.heyloyalty.bulk import Became, ImportSettings, Row, Told, import_all, look, page_size
from integrations.connectors.heyloyalty.client import HeyloyaltyClient
from integrations.connectors.heyloyalty.fields import MemberList
from integrations.core.errors import ConfigurationError, TemporaryError
from tests.connectors.heyloyalty.conftest import MakeClient
from tests.core.scripted_server import Reply, ScriptedServer, json_reply
from tests.sandbox_heyloyalty import CUSTOMERS, HeyloyaltyAccount

ADA = "ada@example.test"
BO = "bo@example.test"
SETTINGS = ImportSettings(errors_to="it@example.test")


def soon(seconds: float) -> None:
    """A hundredth of the time a vendor needs."""
    threading.Event().wait(min(seconds / 100, 0.2))


def rows_of(count: int, **values: str) -> dict[str, Row]:
    emails = (f"member{number:06}@example.test" for number in range(1, count + 1))
    return {email: {"email": email, **values} for email in emails}


def results(became: dict[str, Became]) -> dict[str, str]:
    return {key: one.result.value for key, one in became.items()}


def test_new_updated_unchanged_and_failed_are_told_for_each(
    client: HeyloyaltyClient, practice: HeyloyaltyAccount, customers: MemberList
) -> None:
    ids = practice.seed(3)
    rows: dict[str, Row] = {
        ADA: {"email": ADA, "city": "Odense"},
        "member000001@example.test": {"email": "member000001@example.test", "lastname": "Lovelace"},
        "member000002@example.test": {"email": "Member000002@example.test", "lastname": "Member 2"},
        "member000003@example.test": {"email": "member000003@example.test", "mobile": "4520000001"},
        "bad": {"email": "bad"},
    }
    became = import_all(client, customers, rows, SETTINGS, soon)
    assert results(became) == {
        ADA: "new",
        "member000001@example.test": "updated",
        "member000002@example.test": "unchanged",
        "member000003@example.test": "failed",  # somebody else has the number
        "bad": "failed",
    }
    assert became[ADA].member_id == practice.member(ADA)["id"]
    assert [became[f"member00000{number}@example.test"].member_id for number in (1, 2, 3)] == ids
    assert "member000002@example.test" not in {entry["key"] for entry in practice.ledger()}
    assert {mail["to"] for mail in practice.mails("import_errors")} == {"it@example.test"}


def test_fields_that_a_row_lacks_keep_their_values(
    client: HeyloyaltyClient, practice: HeyloyaltyAccount, customers: MemberList
) -> None:
    for email in (ADA, BO):
        practice.save_member(email=email, city="Odense")
    rows: dict[str, Row] = {ADA: {"email": ADA, "firstname": "Ada"}, BO: {"email": BO, "firstname": "Bo", "city": ""}}
    assert results(import_all(client, customers, rows, SETTINGS, soon)) == {ADA: "updated", BO: "updated"}
    assert practice.member(ADA)["values"] == {"email": ADA, "firstname": "Ada", "city": "Odense"}
    assert practice.member(BO)["values"] == {"email": BO, "firstname": "Bo"}


def test_members_are_matched_by_mobile(
    client: HeyloyaltyClient, practice: HeyloyaltyAccount, customers: MemberList
) -> None:
    member_id = practice.save_member(mobile="4520304050")
    rows: dict[str, Row] = {"4520304050": {"mobile": "4520304050", "email": ADA}}
    became = import_all(client, customers, rows, ImportSettings("mobile"), soon)
    assert became == {"4520304050": Became(Told.UPDATED, member_id)}
    assert practice.member(ADA)["id"] == member_id


def test_dates_and_options_arrive_as_they_were_meant(
    client: HeyloyaltyClient, practice: HeyloyaltyAccount, customers: MemberList
) -> None:
    music, sport = (practice.option("interests", label) for label in ("Music", "Sport"))
    row: Row = {"email": ADA, "birthdate": "1979-06-02", "interests": [sport, music], "city": 'Å; "x"\ny'}
    assert results(import_all(client, customers, {ADA: row}, SETTINGS, soon)) == {ADA: "new"}
    assert practice.member(ADA)["values"] == row
    assert results(import_all(client, customers, {ADA: row}, SETTINGS, soon)) == {ADA: "unchanged"}


def test_nothing_is_sent_when_nothing_differs(
    client: HeyloyaltyClient, practice: HeyloyaltyAccount, customers: MemberList
) -> None:
    ids = practice.seed(2)
    became = import_all(client, customers, rows_of(2, firstname="Practice"), SETTINGS, soon)
    assert [(one.result, one.member_id) for one in became.values()] == [(Told.UNCHANGED, one) for one in ids]
    assert practice.imports() == []
    assert import_all(client, customers, {}, SETTINGS, soon) == {}


def test_twice_is_as_good_as_once(client: HeyloyaltyClient, practice: HeyloyaltyAccount, customers: MemberList) -> None:
    rows = rows_of(50, city="Odense")
    first, second = (import_all(client, customers, rows, SETTINGS, soon) for _ in range(2))
    assert set(results(first).values()) == {"new"}
    assert set(results(second).values()) == {"unchanged"}
    assert {key: one.member_id for key, one in first.items()} == {key: one.member_id for key, one in second.items()}
    assert len(practice.members()) == 50


def test_an_import_that_never_starts_has_failed_after_the_last_look(
    client: HeyloyaltyClient, practice: HeyloyaltyAccount, customers: MemberList
) -> None:
    practice.settings(import_delay_s=600)
    waited: list[float] = []
    became = import_all(client, customers, rows_of(2), SETTINGS, waited.append)
    assert set(results(became).values()) == {"failed"}
    assert waited == list(bulk.PAUSES)


def test_an_import_that_does_nothing_any_more_is_not_waited_for(
    client: HeyloyaltyClient, practice: HeyloyaltyAccount, customers: MemberList
) -> None:
    waited: list[float] = []

    def until_done(seconds: float) -> None:
        waited.append(seconds)
        practice.wait_for_imports(1)

    became = import_all(client, customers, rows_of(2) | {"bad": {"email": "bad"}}, SETTINGS, until_done)
    assert sorted(results(became).values()) == ["failed", "new", "new"]
    assert waited == list(bulk.PAUSES[: bulk.QUIET_LOOKS])


def test_a_field_that_was_removed_meanwhile_is_about_the_settings(
    client: HeyloyaltyClient, practice: HeyloyaltyAccount, customers: MemberList
) -> None:
    practice.remove_field("city")
    with pytest.raises(ConfigurationError, match="'city' does not exist"):
        import_all(client, customers, rows_of(2, city="Odense"), SETTINGS, soon)
    assert practice.members() == []


def test_a_list_that_was_removed_meanwhile_asks_for_another(
    client: HeyloyaltyClient, practice: HeyloyaltyAccount, customers: MemberList
) -> None:
    practice.remove_list(CUSTOMERS)
    with pytest.raises(ConfigurationError, match="Choose another"):
        import_all(client, customers, rows_of(2), SETTINGS, soon)


def test_what_an_interrupted_import_did_is_not_done_again(
    client: HeyloyaltyClient, practice: HeyloyaltyAccount, customers: MemberList
) -> None:
    rows = rows_of(20, city="Odense")
    practice.fault("applied_unanswered", path="import", times=1)
    with pytest.raises(TemporaryError):
        import_all(client, customers, rows, SETTINGS, soon)
    practice.wait_for_imports(1)
    assert set(results(import_all(client, customers, rows, SETTINGS, soon)).values()) == {"unchanged"}
    assert len(practice.members()) == 20


def member_page(*emails: str) -> Reply:
    return json_reply({"members": [{"id": email, "fields": {"email": {"value": email}}} for email in emails]})


def test_short_pages_are_not_the_end(make_client: MakeClient, customers: MemberList) -> None:
    with ScriptedServer(member_page(ADA), member_page(BO), member_page()) as server:
        seen = look(make_client(server.url), customers, {ADA: {"email": ADA}, BO: {"email": BO}}, "email")
    assert {key: [one.member_id for one in members] for key, members in seen.items()} == {ADA: [ADA], BO: [BO]}


def test_a_page_that_repeats_is_tried_again(make_client: MakeClient, customers: MemberList) -> None:
    with ScriptedServer(member_page(ADA)) as server, pytest.raises(TemporaryError, match="same page"):
        look(make_client(server.url), customers, {ADA: {"email": ADA}}, "email")


def test_twenty_thousand_members_need_a_twentieth_of_the_calls(
    client: HeyloyaltyClient, practice: HeyloyaltyAccount, customers: MemberList
) -> None:
    practice.seed(10_000)
    rows = rows_of(20_000, city="Odense")
    before = len(practice.calls())
    became = import_all(client, customers, rows, SETTINGS, soon)
    calls = len(practice.calls()) - before
    counted = {told: sum(one.result == told for one in became.values()) for told in Told}
    assert counted == {Told.NEW: 10_000, Told.UPDATED: 10_000, Told.UNCHANGED: 0, Told.FAILED: 0}
    assert page_size(customers) == 5000
    assert calls * 20 <= len(rows)
