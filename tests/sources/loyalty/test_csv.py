"""CSV import of customers and movements: a look first, then the bulk verbs; nothing of the file stays behind."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.urls import reverse

from integrations.core.imports import files
from integrations.core.imports.work import work
from integrations.core.models import Import, ImportFile
from integrations.sources.loyalty.models import Customer, Movement, PinMail
from integrations.sources.loyalty.signals import accounts_changed
from tests.crawl import everything_stored
from tests.sources.csv_files import TABLES, address, check, checked, counted, load, page_of, send
from tests.sources.loyalty.people import IMPORT, mia, person, sam, shown
from tests.sources.loyalty.shop import account, customer, days, listening, values

pytestmark = pytest.mark.django_db
PINS = "CANARYPIN55"
PEOPLE = "external_id,email,first_name,registered\nc-1,anna@example.test,Anna,yes\nc-2,bo@example.test,Bo,no\n"


# -- first a look, then the import ----------------------------------------------------------------


def test_a_look_at_the_file_says_what_would_happen_and_changes_nothing(queued: Callable[[], int]) -> None:
    client = mia()
    customer(email="anna@example.test", first_name="Old")
    before, stored = queued(), everything_stored(without=TABLES)
    with listening(accounts_changed):
        page = check(client, PEOPLE)
    for words in ("What would happen", "bo@example.test", "UTF-8", "commas"):
        assert words in page
    assert (counted(page, "New"), counted(page, "Updated")) == (1, 1)
    assert everything_stored(without=TABLES) == stored
    assert queued() == before


def test_the_import_goes_through_the_bulk_verbs_and_says_what_happened() -> None:
    client = mia()
    with listening(accounts_changed) as heard:
        page = load(client, PEOPLE)
    assert "Imported" in page
    assert counted(page, "New") == 2
    anna = Customer.objects.get(email_key="anna@example.test")
    assert (anna.external_id, anna.first_name, anna.registered) == ("c-1", "Anna", True)
    assert anna.history.get().history_user.username == "mia"
    # Once for the look, rolled back with all that listeners wrote, and once for the import.
    assert [len(batch) for batch in heard] == [2, 2]
    assert "created 2" in LogEntry.objects.get(object_repr="CSV import").change_message


def test_blank_cells_leave_values_as_they_are() -> None:
    client = mia()
    customer(first_name="Anna", registered=True)
    load(client, "external_id,first_name,last_name,registered\nc-1,,Lund,\n")
    anna = Customer.objects.get()
    assert (anna.first_name, anna.last_name, anna.registered) == ("Anna", "Lund", True)


# -- refused rows ---------------------------------------------------------------------------------

MIXED = (
    "external_id,email,registered\nc-1,anna@example.test,yes\nc-2,no address,no\n\nc-3,bo@example.test,perhaps\n,,\n"
)


@pytest.mark.parametrize(("keep", "kept"), [("good", 1), ("none", 0)])
def test_good_rows_are_kept_or_none_as_was_chosen(keep: str, kept: int) -> None:
    client = mia()
    page = load(client, MIXED, keep=keep)
    assert ("Nothing was imported" in page) is (keep == "none")
    assert counted(page, "Refused") == 2
    assert Customer.objects.count() == kept
    assert LogEntry.objects.filter(object_repr="CSV import").count() == kept


def test_each_refused_row_has_its_line_its_column_and_what_to_do() -> None:
    page = check(mia(), MIXED)
    rows = re.findall(r'data-label="Line">(\d+)</td><td data-label="Column">(\w+)</td><td[^>]*>([^<]+)<', page)
    assert rows == [("3", "email", "This is not a valid e-mail address."), ("5", "registered", "Write yes or no.")]


@pytest.mark.parametrize(
    ("row", "column", "sentence"),
    [
        ("c-9,5,,", "customer_external_id", "There is no such customer."),
        ("c-1,,,", "value", "Give the points."),
        ("c-1,12.7,,", "value", "Points are a whole number"),
        ("c-1,1 000,,", "value", "Points are a whole number"),
        ("c-1,many,,", "value", "Points are a whole number"),
        ("c-1,-5,,", "value", "There are not enough points: 0"),
        ("c-1,99999999999999,,", "value", "more than a movement can hold"),
        ("c-1,5,31.12.2030,", "expires_on", "Write the date as 2026-12-31."),
        ("c-1,5,1999-01-01,", "expires_on", "Points must expire later"),
        ("c-1,5,,gift", "reason", "This reason is not known."),
        (",5,,", "customer_id", "No customer is named."),
    ],
)
def test_a_movement_that_cant_be_is_explained(row: str, column: str, sentence: str) -> None:
    client = mia()
    anna = customer()
    page = check(client, f"customer_external_id,value,expires_on,reason\n{row}\n", "movements")
    [(found, message)] = re.findall(r'data-label="Column">(\w+)</td><td[^>]*>([^<]+)<', page)
    assert found == column
    assert sentence in message
    assert values(anna) == []


def test_rows_see_what_the_rows_above_them_do() -> None:
    client = mia()
    anna = customer()
    rows = f"customer_external_id,value,expires_on\nc-1,50,{days(9)}\nc-1,-20,\nc-1,-40,\n"
    assert counted(check(client, rows, "movements"), "Refused") == 1
    load(client, rows, "movements")
    assert values(anna) == [50, -20]
    assert (account(anna).balance, account(anna).next_expiry) == (30, days(9))


def test_many_refused_rows_are_named_up_to_a_number() -> None:
    page = check(mia(), "email\n" + "nobody\n" * 130)
    assert counted(page, "Refused") == 130
    assert page.count('data-label="What to do"') == 100
    assert "and 30 more" in page


# -- the same file again --------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["customer_external_id,value", "customer_external_id,value,external_id"])
def test_the_same_movements_again_are_recorded_once(header: str) -> None:
    client = mia()
    anna = customer()
    row = "c-1,5,m-1" if header.endswith("external_id") and "value,external" in header else "c-1,5"
    content = f"{header}\n{row}\n"
    load(client, content, "movements")
    assert counted(load(client, content, "movements"), "Recorded before") == 1
    assert values(anna) == [5]


def test_two_like_rows_of_one_file_are_two_movements() -> None:
    client = mia()
    anna = customer()
    load(client, "customer_external_id,value\nc-1,5\nc-1,5\n", "movements")
    assert values(anna) == [5, 5]


# -- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "named"),
    [("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("cp1252", "Windows-1252")],
)
@pytest.mark.parametrize(("delimiter", "word"), [(",", "commas"), (";", "semicolons"), ("\t", "tabs")])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_ways_in_which_spreadsheets_write_csv(
    encoding: str, named: str, delimiter: str, word: str, end: str
) -> None:
    client = mia()
    content = end.join(["Email;First name", 'søren@example.test;"Søren; Åge"', ""]).replace("søren@", "soren@")
    content = content.replace(";", delimiter)
    page = load(client, content.encode(encoding))
    assert counted(page, "New") == 1
    assert Customer.objects.get().first_name == f"Søren{delimiter} Åge".replace("\t ", " ")
    page = check(client, content.encode(encoding))
    assert named in page
    assert word in page


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"\n\n", "The file is empty."),
        (b"email\n", "The file has no rows below its header row."),
        ("email\nanna@example.test\n".encode("utf-16"), "The file is encoded as UTF-16."),
        (b"PK\x03\x04\0\0", "This isn't a CSV file."),
        (b"email\n\x81\x8d@example.test\n", "neither as UTF-8 nor as Windows-1252"),
        (b"email,points\n", "These columns are not known: “points”. The columns are: external_id, email,"),
        (b"anna@example.test\n", "These columns are not known"),
        (b"email,Email\na,b\n", "These columns are there twice: email."),
        (b'email\n"anna\n', "can't be read: check its quotation marks."),
        (b"email,first_name\nanna@example.test,Anna,5\n", "Line 2 has more values than there are columns."),
        (b"email\n" + b"a" * 140_000, "Line 2 can't be read"),
        (b"email\n" + b"a\n" * 2_621_440, "The file is larger than 5 MB."),
    ],
)
def test_a_file_that_cant_be_taken_is_explained_in_a_sentence(content: bytes, sentence: str) -> None:
    page = check(mia(), content)
    assert sentence in page
    assert not Import.objects.exists()
    assert not Customer.objects.exists()


def test_more_rows_than_50000_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert files.MOST_ROWS == 50_000
    monkeypatch.setattr(files, "MOST_ROWS", 3)
    client = mia()
    assert counted(check(client, "email\n" + "".join(f"a{n}@example.test\n" for n in range(3))), "New") == 3
    assert "more than 50,000 rows" in check(client, "email\n" + "".join(f"a{n}@example.test\n" for n in range(4)))


def test_no_file_is_a_sentence_too() -> None:
    page = shown(mia().post(address("customers")))
    assert "This field is required." in page.partition('id="import-form"')[2]


@pytest.mark.parametrize("kind", ["customers", "movements"])
def test_the_file_to_fill_in_has_the_columns_of_the_page_and_can_be_imported(kind: str) -> None:
    client = mia()
    customer(external_id="c-1001", email="anna@example.test")
    content = client.get(reverse("admin:loyalty_customer_import_template", args=[kind])).content
    columns = next(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    page = shown(client.get(address(kind)))
    assert columns == re.findall(r"<code>(\w+)</code>", page)
    assert counted(check(client, content, kind), "Refused") == 0


# -- PINs and what stays behind -------------------------------------------------------------------

WITH_PINS = f"email,pin\nanna@example.test,{PINS}\nbo@example.test,{PINS}!\n"


def test_pins_are_imported_by_those_who_may_see_them_and_shown_to_nobody() -> None:
    client = mia("view_pin")
    preview = check(client, WITH_PINS)
    assert "anna@example.test" in preview
    assert PINS not in preview
    assert "A PIN has 4 to 12 digits" in preview
    done = load(client, WITH_PINS)
    assert PINS not in done
    assert Customer.objects.get().pin == PINS
    assert PinMail.objects.count() == 1
    assert PINS not in everything_stored()


def test_who_may_not_see_pins_may_not_import_them() -> None:
    client = mia()
    page = check(client, WITH_PINS)
    assert "Your account may not import PINs." in page
    assert PINS not in page
    assert "<code>pin</code>" not in shown(client.get(address("customers")))
    assert not Customer.objects.exists()


def test_nothing_of_the_file_stays_behind(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    client = mia("view_pin")
    sessions = set(Session.objects.values_list("session_data", flat=True))
    one = checked(client, WITH_PINS)
    assert list(tmp_path.iterdir()) == []
    assert set(Session.objects.values_list("session_data", flat=True)) == sessions
    # Until it is imported it is kept, encrypted.
    assert PINS.encode() in ImportFile.objects.get(pk=one.pk).body
    assert PINS not in everything_stored() and "bo@example" not in everything_stored()
    client.post(page_of(one, "start"))
    work(one.pk)
    assert Customer.objects.exists() and not ImportFile.objects.exists()
    assert "bo@example" not in "".join(map(str, Import.objects.values()))


# -- who may, and how much it asks ----------------------------------------------------------------


def test_the_import_belongs_to_those_who_may_add() -> None:
    for client in (sam(), person("eve", None)):
        assert client.get(IMPORT).status_code == 403
        assert send(client, PEOPLE).status_code == 403
        assert client.get(reverse("admin:loyalty_customer_import_template", args=["customers"])).status_code == 403
    client = person("till", None, "add_movement")
    assert shown(client.get(IMPORT)).count("customer_external_id") >= 1
    assert send(client, PEOPLE).status_code == 403
    assert client.get(address("parrots")).status_code == 403
    assert not Customer.objects.exists()


def test_the_import_takes_the_csrf_token() -> None:
    client = mia(checks_csrf=True)
    assert send(client, PEOPLE).status_code == 403


def test_movements_are_as_many_as_the_rows_also_beyond_a_chunk() -> None:
    client = mia()
    anna = customer()
    load(client, "customer_external_id,value\n" + "c-1,1\n" * 1200, "movements")
    assert Movement.objects.count() == account(anna).balance == 1200


def test_the_pages_work_with_the_keyboard_and_a_reader() -> None:
    client = mia()
    job = page_of(checked(client, PEOPLE))
    for page in (shown(client.get(where)).partition('class="log-lead"' if where == job else 'id="content-main"')[2]
                 for where in (IMPORT, job)):  # fmt: skip
        for field in re.findall(r"<input\b[^>]*>", page):
            if not re.search(r'type="hidden"| disabled|search-input-command', field):
                [pk] = re.findall(r' id="([^"]+)"', field)
                assert f'for="{pk}"' in page
    assert "<legend" in page and 'role="status"' in page
