"""An import's own page and the list: who sees them, and what they say."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from integrations.core.engine.sweep import PULSE
from integrations.core.imports.work import work
from integrations.core.models import Import, ImportFile, Pulse
from integrations.sources.loyalty.models import Customer
from tests.sources.csv_files import address, checked, counted, load, page_of, started, text_of, uploaded
from tests.sources.loyalty.people import IMPORT, mia, person, sam, shown

pytestmark = pytest.mark.django_db
PEOPLE = "email,first_name\nanna@example.test,Anna\nbo@example.test,Bo\n"
LOOKED_AT = ("job", "progress", "stop")
PRESSED = ("start", "pause", "resume", "stop", "discard")


def administrator(name: str = "root") -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser(name))
    return client


def importing(client: Client) -> Import:
    return started(client, PEOPLE)


# -- who ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "seen", "pressed"),
    [
        ("mia", 200, 302),
        ("administrator", 200, 302),
        ("another marketing admin", 404, 404),
        ("support", 403, 403),
        ("movements only", 403, 403),
        ("nobody", 403, 403),
        ("anonymous", 302, 302),
    ],
)
def test_only_the_uploader_and_administrators_see_and_turn_it(who: str, seen: int, pressed: int) -> None:
    uploader = mia()
    one = importing(uploader)
    client = {
        "mia": lambda: uploader,
        "administrator": administrator,
        "another marketing admin": lambda: person("max", "Marketing admins"),
        "support": sam,
        "movements only": lambda: person("till", None, "add_movement"),
        "nobody": lambda: person("eve", None),
        "anonymous": Client,
    }[who]()
    assert [client.get(page_of(one, page)).status_code for page in LOOKED_AT] == [seen] * len(LOOKED_AT)
    for page in PRESSED:
        response = client.post(page_of(one, page))
        assert response.status_code == pressed
        assert ("/login/" in response.get("Location", "")) is (who == "anonymous")
    state = Import.objects.get().state
    assert state == ("stopped" if pressed == 302 and who != "anonymous" else "importing")


def test_its_address_is_of_its_own_kind_and_source_only() -> None:
    client = administrator()
    one = checked(client, PEOPLE)
    assert client.get(address("movements", "job", one.pk)).status_code == 404
    assert client.get(address("persons", "job", one.pk)).status_code == 404
    assert client.get(address("customers", "job", one.pk + 1)).status_code == 404
    assert client.get(address("customers", "job", 10**20)).status_code == 404
    assert client.get(address("parrots", "job", one.pk)).status_code == 403


@pytest.mark.parametrize("page", PRESSED)
def test_buttons_want_post_and_the_csrf_token(page: str) -> None:
    one = importing(client := mia())
    if page != "stop":
        assert client.get(page_of(one, page)).status_code == 405
    checks = Client(enforce_csrf_checks=True)
    checks.force_login(User.objects.get(username="mia"))
    assert checks.post(page_of(one, page)).status_code == 403
    assert Import.objects.get().state == "importing"


def test_it_is_done_in_the_name_of_whoever_presses_import() -> None:
    one = checked(mia(), PEOPLE)
    administrator("root").post(page_of(one, "start"))
    work(one.pk)
    assert {entry.history_user.username for entry in Customer.history.all()} == {"root"}


# -- what -----------------------------------------------------------------------------------------


def test_an_upload_leads_to_its_own_page_that_follows_the_check_and_asks() -> None:
    client = mia()
    one = uploaded(client, PEOPLE)
    page = text_of(client, one)
    assert "Being checked" in page and 'role="progressbar"' in page and "0 of 2" in page
    assert page_of(one, "progress") in page and "Discard the file" in page and "anna@example.test" not in page
    work(one.pk)
    page = text_of(client, one)
    assert "What would happen" in page and counted(page, "New") == 2 and "anna@example.test" in page
    assert "data-refresh" not in page and ">Import</button>" in page
    client.post(page_of(one, "start"), {"keep": "good"})
    page = text_of(client, one)
    assert "So far" in page and "Pause</button>" in page and "Stop…" in page and "anna@example.test" not in page
    assert re.search(r'id="run-progress" data-live', page)
    work(one.pk)
    page = text_of(client, one)
    assert "Imported" in page and counted(page, "New") == 2 and "deleted" in page
    assert "data-refresh" not in page and "log-button" not in page


def test_the_part_that_is_fetched_again_is_the_same_as_on_the_page() -> None:
    client = mia()
    one = importing(client)
    part = shown(client.get(page_of(one, "progress")))
    assert "<html" not in part and 'id="import-job"' in part


def test_a_page_says_so_when_no_worker_is_running() -> None:
    client = mia()
    one = uploaded(client, PEOPLE)
    assert "No worker has been at work yet" in text_of(client, one)
    assert "No worker has been at work yet" in shown(client.get(IMPORT))
    Pulse.objects.create(name=PULSE, at=timezone.now())
    assert "No worker" not in text_of(client, one)


def test_a_file_that_cant_be_decrypted_any_more_still_has_its_page() -> None:
    client = mia()
    one = checked(client, PEOPLE)
    ImportFile.objects.all().delete()
    assert counted(text_of(client, one), "New") == 2


def test_the_list_shows_ones_own_imports_and_administrators_all() -> None:
    client = mia()
    assert "Nothing was imported yet." in shown(client.get(IMPORT))
    load(client, PEOPLE + "nobody,X\n")
    page = shown(client.get(IMPORT)).partition('id="latest-title"')[2]
    for words in ("Customers", "mia", "Imported", "New: 2; Refused: 1", page_of(Import.objects.get())):
        assert words in page
    assert "Nothing was imported yet." in shown(person("max", "Marketing admins").get(IMPORT))
    assert "New: 2; Refused: 1" in shown(administrator().get(IMPORT))
    assert "Nothing was imported yet." in shown(administrator("two").get(reverse("admin:cdp_person_import")))


def test_the_list_asks_as_much_for_many_imports_as_for_one() -> None:
    client, numbers = mia(), []
    for number in (1, 3):
        for _ in range(number):
            checked(client, PEOPLE)
        with CaptureQueriesContext(connection) as captured:
            client.get(IMPORT)
        numbers.append(len(captured))
    assert numbers[0] == numbers[1]
