"""Imports of Heyloyalty's emulator: members in bulk, and purchases into the activity feed."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox_heyloyalty import NEWSLETTER, HeyloyaltyAccount
from tests.sandbox_server import JSON, Sandbox

ADA = "ada@example.test"
BO = "bo@example.test"
COUNTS = ("read", "created", "updated", "skipped", "failed")


@pytest.fixture
def practice(sandbox: Sandbox) -> HeyloyaltyAccount:
    practice = sandbox.heyloyalty()
    practice.settings(import_delay_s=0)
    return practice


def imported(practice: HeyloyaltyAccount, reply: requests.Response) -> JSON:
    """The report of the import that was just queued."""
    assert (reply.status_code, reply.json()) == (200, {"status": "queued"})
    return practice.wait_for_imports(len(practice.imports()))[-1]


def counts(report: JSON) -> list[int]:
    return [report[name] for name in COUNTS]


def test_an_import_creates_and_updates(practice: HeyloyaltyAccount) -> None:
    practice.save_member(email=ADA, firstname="Ada", city="Odense")
    report = imported(practice, practice.import_csv([[ADA, "Adele"], [BO, "Bo"]], ["email", "firstname"]))
    assert counts(report) == [2, 1, 1, 0, 0]
    assert practice.member(ADA)["values"] == {"email": ADA, "firstname": "Adele", "city": "Odense"}
    assert (practice.member(BO)["imported"], practice.member(ADA)["imported"]) == (True, False)
    assert [(entry["operation"], entry["outcome"]) for entry in practice.ledger()[1:]] == [
        ("import", "updated"),
        ("import", "created"),
    ]


@pytest.mark.parametrize(
    ("existing", "expected", "cities"),
    [
        ("update", [2, 1, 1, 0, 0], ["Aarhus", "Aarhus"]),
        ("skip", [2, 1, 0, 1, 0], ["Odense", "Aarhus"]),
        ("create", [2, 2, 0, 0, 0], ["Odense", "Aarhus", "Aarhus"]),
    ],
)
def test_what_becomes_of_those_that_exist(
    practice: HeyloyaltyAccount, existing: str, expected: list[int], cities: list[str]
) -> None:
    practice.save_list(duplicates="allow")
    practice.save_member(email=ADA, city="Odense")
    rows = [[ADA, "Aarhus"], [BO, "Aarhus"]]
    assert (
        counts(imported(practice, practice.import_csv(rows, ["email", "city"], handle_existing=existing))) == expected
    )
    assert [member["values"]["city"] for member in practice.members()] == cities


def test_create_without_a_check_still_follows_the_rule_of_the_list(practice: HeyloyaltyAccount) -> None:
    practice.save_member(email=ADA)
    report = imported(practice, practice.import_csv([[ADA]], ["email"], handle_existing="create"))
    assert report["errors"] == [["A member with this email already exists", ADA]]


def test_members_are_found_by_the_field_that_was_named(practice: HeyloyaltyAccount) -> None:
    practice.save_member(email=ADA, mobile="4520304050")
    reply = practice.import_csv([["4520304050", BO]], ["mobile", "email"], duplicate_field="mobile")
    assert counts(imported(practice, reply)) == [1, 0, 1, 0, 0]
    assert practice.members()[0]["values"]["email"] == BO


def test_columns_are_skipped_and_dates_and_options_read(practice: HeyloyaltyAccount) -> None:
    gold, music, books = (
        practice.option(*one) for one in (("tier", "Gold"), ("interests", "Music"), ("interests", "Books"))
    )
    rows = [["E-mail", "Note", "Born", "Tier", "Interests"], [ADA, "x", "01/05/1990", gold, f"{music},{books}"]]
    columns = ["email", "", "birthdate", "tier", "interests"]
    report = imported(practice, practice.import_csv(rows, columns, date_format="d/m/Y", skip_header_line=1))
    assert counts(report) == [1, 1, 0, 0, 0]
    assert practice.member(ADA)["values"] == {
        "email": ADA,
        "birthdate": "1990-05-01",
        "tier": gold,
        "interests": [music, books],
    }


def test_an_empty_cell_empties_the_field_and_a_last_delimiter_is_nothing(practice: HeyloyaltyAccount) -> None:
    practice.save_member(email=ADA, city="Odense")
    imported(practice, practice.import_csv([[ADA, "", ""]], ["email", "city"]))
    assert practice.member(ADA)["values"] == {"email": ADA}


def test_bad_rows_fail_alone_and_are_reported_by_mail(practice: HeyloyaltyAccount) -> None:
    rows = [[ADA, "12", ""], [BO, "4520304050", "01-05-1990"], ["cy@example.test", "4520304051", "1990-05-01"], ["x"]]
    columns = ["email", "mobile", "birthdate"]
    report = imported(practice, practice.import_csv(rows, columns, sendErrorsTo="it@example.test"))
    assert counts(report) == [4, 1, 0, 0, 3]
    (mail,) = practice.mails("import_errors")
    assert (mail["to"], mail["subject"]) == ("it@example.test", "3 of 4 rows could not be imported")
    lines = mail["attachment"].splitlines()
    assert "'12' of the field 'mobile' is not a mobile number" in lines[0]
    assert lines[0].endswith(f";{ADA};12;")
    assert "is not a date of the form Y-m-d" in lines[1]
    assert "has 1 columns instead of 3" in lines[2]


def test_there_is_no_mail_without_errors_or_without_an_address(practice: HeyloyaltyAccount) -> None:
    imported(practice, practice.import_csv([[ADA]], ["email"], sendErrorsTo="it@example.test"))
    imported(practice, practice.import_csv([["bad"]], ["email"]))
    assert practice.mails() == []


@pytest.mark.parametrize(("asked", "mails"), [({}, 0), ({"trigger_autoresponder": 1}, 2)])
def test_automations_are_set_off_when_asked_to(practice: HeyloyaltyAccount, asked: JSON, mails: int) -> None:
    imported(practice, practice.import_csv([[ADA], [BO]], ["email"], **asked))
    assert len(practice.mails("automation")) == mails


def test_imported_members_are_not_asked_to_opt_in(practice: HeyloyaltyAccount) -> None:
    practice.save_list(**{"double_opt-in": True})
    imported(practice, practice.import_csv([[ADA]], ["email"]))
    assert (practice.member(ADA)["state"], practice.mails()) == ("active", [])


@pytest.mark.parametrize(
    ("setting", "states", "failed"),
    [("recreate", ["unsubscribed", "active"], 0), ("reactivate", ["active"], 0), ("refuse", ["unsubscribed"], 1)],
)
def test_an_import_treats_the_unsubscribed_as_an_upsert_does(
    practice: HeyloyaltyAccount, setting: str, states: list[str], failed: int
) -> None:
    practice.settings(unsubscribed=setting)
    practice.unsubscribe(practice.save_member(email=ADA))
    assert imported(practice, practice.import_csv([[ADA]], ["email"]))["failed"] == failed
    assert [member["state"] for member in practice.members()] == states


@pytest.mark.parametrize(
    ("columns", "parameters", "message"),
    [
        (["email", "nickname"], {}, "'nickname' does not exist"),
        (["", ""], {}, "fields_selected"),
        (["mobile"], {}, "duplicate_field"),
        (["email"], {"handle_existing": "merge"}, "handle_existing"),
        (["email"], {"delimiter": "#"}, "delimiter"),
        (["email"], {"date_format": "Q"}, "date_format"),
    ],
)
def test_wrong_parameters_are_refused_at_once(
    practice: HeyloyaltyAccount, columns: list[str], parameters: JSON, message: str
) -> None:
    reply = practice.import_csv([[ADA]], columns, **parameters)
    assert reply.status_code == 400
    assert message in reply.json()["error"]
    assert practice.imports() == []


def test_a_file_is_needed_and_must_be_utf_8(practice: HeyloyaltyAccount) -> None:
    url, data = f"{practice.url}/loyalty/v1/lists/1/import", {"fields_selected[]": ["email"]}
    for files, message in (({"other": b"x"}, "'file' is missing"), ({"file": "Åse".encode("latin-1")}, "not UTF-8")):
        reply = requests.post(url, data=data, files=files, headers=practice.signed(), timeout=10)
        assert reply.status_code == 400
        assert message in reply.json()["error"]


def test_an_import_waits_for_its_delay(practice: HeyloyaltyAccount) -> None:
    practice.settings(import_delay_s=60)
    practice.import_csv([[ADA]], ["email"])
    assert [one["state"] for one in practice.imports()] == ["queued"]
    assert practice.members() == []


def test_ten_thousand_rows_are_imported_in_order(practice: HeyloyaltyAccount) -> None:
    rows = [[f"m{number % 9_000}@example.test", str(number)] for number in range(10_000)]
    assert counts(imported(practice, practice.import_csv(rows, ["email", "points"]))) == [10_000, 9_000, 1_000, 0, 0]
    assert practice.member("m999@example.test")["values"]["points"] == "9999"


BOUGHT = ["email", "product_id", "product_name", "product_price", "amount", "event_type", "created_at"]


def purchase(email: str = ADA, **changes: Any) -> list[Any]:
    row = dict(zip(BOUGHT, [email, "P-1", "Ticket", "99.5", "2", "bought", "2026-11-20 10:00:00"], strict=True))
    return list((row | changes).values())


def test_purchases_land_in_the_activity_feed(practice: HeyloyaltyAccount) -> None:
    member_id = practice.save_member(email=ADA)
    report = imported(practice, practice.import_tracking([purchase(), purchase(BO)], BOUGHT))
    assert counts(report) == [2, 2, 0, 0, 0]
    first, second = practice.activities()
    assert (first["kind"], first["time"], first["member_id"]) == ("bought", "2026-11-20 10:00:00", member_id)
    assert (first["values"]["product_price"], first["values"]["amount"]) == ("99.5", "2")
    assert (second["email"], second["member_id"]) == (BO, "")
    assert [(one["kind"], one["key"]) for one in practice.ledger()[1:]] == [("activity", ADA), ("activity", BO)]


def test_the_same_purchase_twice_is_two(practice: HeyloyaltyAccount) -> None:
    for _ in range(2):
        imported(practice, practice.import_tracking([purchase()], BOUGHT))
    assert len(practice.activities()) == 2


def test_iso_times_and_returns_are_taken(practice: HeyloyaltyAccount) -> None:
    row = purchase(amount="-1", created_at="2026-11-20T10:00:00+01:00")
    imported(practice, practice.import_tracking([row], BOUGHT, date_format="iso8601"))
    assert practice.activities()[0]["time"] == "2026-11-20 10:00:00+01:00"


def test_bad_purchases_fail_alone(practice: HeyloyaltyAccount) -> None:
    rows = [purchase(""), purchase(product_price="free"), purchase(created_at="20-11-2026"), purchase()]
    assert counts(imported(practice, practice.import_tracking(rows, BOUGHT))) == [4, 1, 0, 0, 3]
    assert len(practice.mails("import_errors")[0]["attachment"].splitlines()) == 3


def test_bookings_take_any_column(practice: HeyloyaltyAccount) -> None:
    imported(practice, practice.import_tracking([[ADA, "T-1"]], ["email", "ticket_id"], kind="booking"))
    (activity,) = practice.activities()
    assert (activity["kind"], activity["values"]) == ("booking", {"email": ADA, "ticket_id": "T-1"})


def test_a_list_without_tracking_is_400(practice: HeyloyaltyAccount) -> None:
    for tracking_id in ("elsewhere", str(NEWSLETTER)):
        reply = practice.import_tracking([purchase()], BOUGHT, tracking_id=tracking_id)
        assert (reply.status_code, reply.json()["status"]) == (400, "error")
    practice.save_list(tracking_id="")
    assert practice.import_tracking([purchase()], BOUGHT).status_code == 400


@pytest.mark.parametrize("missing", ["delimiter", "skip_header_line", "date_format", "sendErrorsTo"])
def test_tracking_needs_its_parameters(practice: HeyloyaltyAccount, missing: str) -> None:
    reply = practice.import_tracking([purchase()], BOUGHT, **{missing: ""})
    assert (reply.status_code, reply.json()) == (400, {"error": f"{missing} is missing"})


def test_tracking_knows_its_columns(practice: HeyloyaltyAccount) -> None:
    assert practice.import_tracking([purchase()], [*BOUGHT, "colour"]).json() == {
        "error": "There is no column 'colour'"
    }
    assert practice.import_tracking([["P-1"]], ["product_id"]).json() == {"error": "fields_selected has no email"}
