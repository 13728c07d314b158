"""Customer List and a customer's page: found, read, changed through the bulk verbs, and deleted for good."""

from __future__ import annotations

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.sources.loyalty.admin import card, search
from integrations.sources.loyalty.models import Customer, Movement
from integrations.sources.loyalty.signals import accounts_changed, pins_changed
from tests.sources.loyalty.people import ADD, LIST, mia, page_of, person, sam, shown
from tests.sources.loyalty.shop import account, customer, customers, days, listening, move, values

pytestmark = pytest.mark.django_db


def test_a_customer_is_called_as_the_address_is_written() -> None:
    page = shown(mia().get(page_of(customer())))
    assert "anna1@example.test" in page
    assert "Anna1@example.test" not in page
    assert "Nothing was saved" not in page


# -- the list -------------------------------------------------------------------------------------


def test_the_list_shows_each_customer_with_the_account_and_what_expires_next() -> None:
    anna = customer(first_name="Anna", last_name="Lund", registered=True)
    move(anna, 70, expires_on=days(30))
    move(anna, 50)
    page = shown(mia().get(LIST))
    for text in ("anna1@example.test", "Anna Lund", "Registered", "120", "70 points", "+50"):
        assert text in page.partition("result_list")[2], text


@pytest.mark.parametrize(
    "text",
    ["anna@x.example.test", "ANNA@X", "own-77", "own-", "Jensen", "jens", "Birgitte", "birgitte jensen", "Jensen Bir"],
)
def test_a_customer_is_found_by_email_own_id_and_name_or_how_they_begin(text: str) -> None:
    client = mia()
    customer(external_id="own-77", email="anna@x.example.test", first_name="Birgitte", last_name="Jensen")
    customer(2, first_name="Carl", last_name="Holm")
    page = shown(client.get(LIST, {"q": text})).partition("result_list")[2]
    assert "anna@x.example.test" in page
    assert "anna2@example.test" not in page


@pytest.mark.parametrize("text", ["nna1@example.test", "%", "_nna", "\\", "'; --", "x" * 5000])
def test_what_no_customer_is_called_finds_nobody_and_the_page_says_what_to_do(text: str) -> None:
    client = mia()
    customer()
    page = shown(client.get(LIST, {"q": text}))
    assert "No customer found" in page
    assert "anna1@example.test" not in page


def test_the_search_and_the_filter_work_together() -> None:
    client = mia()
    customer(registered=True)
    customer(2)
    page = shown(client.get(LIST, {"q": "anna", "registered__exact": "1"})).partition("result_list")[2]
    assert "anna1@example.test" in page
    assert "anna2@example.test" not in page


def test_whoever_is_meant_exactly_is_not_crowded_out_by_those_who_begin_like_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "CAP", 2)
    client = mia()
    customers(5)
    customer(external_id="anna", email="")
    assert page_of(Customer.objects.get(external_id="anna")) in shown(client.get(LIST, {"q": "anna"}))


def test_an_empty_list_says_how_customers_come_in() -> None:
    page = shown(mia().get(LIST))
    assert "No customers yet" in page
    for way in ("Import", "API", "Webhook"):
        assert way in page


@pytest.mark.parametrize("query", [{}, {"q": "anna"}, {"registered__exact": "0"}])
def test_the_list_asks_the_same_few_questions_whatever_it_holds_and_never_counts(query: dict[str, str]) -> None:
    client = mia()
    numbers = []
    for size in (3, 40):
        Customer.objects.all().delete()
        customers(size)
        client.get(LIST, query)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            client.get(LIST, query)
        numbers.append(len(captured))
        said = [each["sql"] for each in captured if "loyalty_customer" in each["sql"]]
        assert not [sql for sql in said if "COUNT(" in sql]
        assert not [sql for sql in said if '"pin"' in sql]
    assert numbers[0] == numbers[1]


def test_pages_of_the_list_follow_each_other_without_gaps() -> None:
    client = mia()
    everybody = {each.email for each in customers(60)}
    pages = [set(re.findall(r"anna\d+@example\.test", shown(client.get(LIST, {"p": number})))) for number in (1, 2)]
    assert [len(page) for page in pages] == [50, 10]
    assert set.union(*pages) == everybody


@pytest.mark.parametrize("query", [{"first_name__icontains": "a"}, {"p": "100000"}, {"pin__isnull": "0"}])
def test_addresses_that_would_read_the_whole_table_are_refused(query: dict[str, str]) -> None:
    client = mia()
    customer()
    with CaptureQueriesContext(connection) as captured:
        response = client.get(LIST, query)
    assert response.status_code in (302, 400)
    assert not [each for each in captured if 'FROM "loyalty_customer"' in each["sql"]]


@pytest.mark.parametrize("column", ["email_key", "external_id"])
def test_the_search_uses_the_index(column: str) -> None:
    plan = Customer.objects.filter(search.begins(column, "anna")).explain()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
        plan = Customer.objects.filter(search.begins(column, "anna")).explain()
        assert "Index Cond" in plan
    else:
        assert "SEARCH" in plan
    assert column in plan


def test_the_export_is_a_link_at_the_top_of_the_list_for_those_who_run_connections() -> None:
    export = f"{LIST}export"
    assert export in shown(mia().get(LIST))
    assert export not in shown(sam().get(LIST))


# -- a customer's page ----------------------------------------------------------------------------


def test_a_customer_is_created_and_the_integrations_are_told() -> None:
    client = mia()
    with listening(accounts_changed) as heard:
        response = client.post(ADD, {"email": "Bo@example.test", "first_name": "Bo", "registered": "on"})
    bo = Customer.objects.get(email_key="bo@example.test")
    assert response["Location"] == page_of(bo)
    assert (bo.first_name, bo.registered) == ("Bo", True)
    assert len(heard) == 1
    assert bo.history.get().history_user.username == "mia"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"email": "ANNA1@example.test"}, "Another customer has this e-mail address."),
        ({"email": "no address"}, "Enter a valid email address."),
        ({}, "A new customer needs an e-mail address or an id of your own."),
        ({"email": "bo@example.test", "external_id": "c-1"}, "already exists."),
    ],
)
def test_a_customer_that_cant_be_created_is_explained_at_the_field(data: dict[str, str], sentence: str) -> None:
    client = mia()
    customer()
    page = shown(client.post(ADD, data))
    assert sentence in page
    assert Customer.objects.count() == 1


def test_a_change_saves_only_what_was_changed_on_this_page() -> None:
    client = mia()
    anna = customer(first_name="Anna", last_name="Lund")
    opened = {"email": anna.email, "external_id": "c-1", "first_name": "Anna", "last_name": "Lund"}
    before = {f"initial-{name}": value for name, value in opened.items()} | {"initial-registered": "False"}
    customer(last_name="Holm")  # by the shop's system, meanwhile
    with listening(accounts_changed) as heard:
        client.post(page_of(anna), {**before, **opened, "first_name": "Annabel"})
    anna.refresh_from_db()
    assert (anna.first_name, anna.last_name) == ("Annabel", "Holm")
    assert len(heard) == 1


def test_the_page_sends_along_what_it_showed() -> None:
    page = shown(mia().get(page_of(customer(first_name="Anna"))))
    assert re.search(r'type="hidden" name="initial-first_name" value="Anna"', page)


def test_who_becomes_registered_loses_the_pin() -> None:
    client = mia()
    anna = customer(pin="7310")
    client.post(page_of(anna), {"email": anna.email, "external_id": "c-1", "registered": "on"})
    anna.refresh_from_db()
    assert (anna.registered, anna.pin) == (True, None)
    assert "registered customers have no PIN" in shown(client.get(page_of(anna)))


def test_an_own_id_cant_be_taken_away() -> None:
    client = mia()
    anna = customer()
    page = shown(client.post(page_of(anna), {"email": anna.email, "initial-external_id": "c-1", "external_id": ""}))
    assert "An own id can be replaced, but not taken away." in page


def test_another_customers_email_is_refused_and_nothing_is_saved() -> None:
    client = mia()
    customer(2)
    anna = customer(first_name="Anna")
    page = shown(client.post(page_of(anna), {"email": "Anna2@example.test", "external_id": "c-1", "first_name": "X"}))
    assert "Another customer has this e-mail address." in page
    anna.refresh_from_db()
    assert (anna.email, anna.first_name) == ("anna1@example.test", "Anna")


def test_a_movement_is_recorded_once_however_often_the_button_is_pressed() -> None:
    client = mia()
    anna = customer()
    page = shown(client.get(page_of(anna)))
    [own_id] = re.findall(r'name="external_id" value="(portal-[^"]+)"', page)
    data = {"value": "50", "reason": "", "expires_on": days(30).isoformat(), "external_id": own_id}
    with listening(accounts_changed) as heard:
        for _ in range(2):
            assert client.post(page_of(anna, "movement"), data).status_code == 302
    assert values(anna) == [50]
    assert (account(anna).balance, account(anna).next_expiry) == (50, days(30))
    assert len(heard) == 1


def test_spending_more_than_there_is_is_explained_at_the_field() -> None:
    client = mia()
    anna = customer()
    move(anna, 10)
    page = shown(client.post(page_of(anna, "movement"), {"value": "-20", "external_id": "x"}))
    assert "There are not enough points: 10 can be used on that day." in page
    assert page.index("Nothing was saved") < page.index("Record a movement")
    assert values(anna) == [10]


@pytest.mark.parametrize("value", ["", "many", "0", "12.5", "9" * 30, "9" * 5000])
def test_points_that_are_none_are_refused(value: str) -> None:
    client = mia()
    anna = customer()
    page = client.post(page_of(anna, "movement"), {"value": value, "external_id": "x"})
    assert "set-error" in shown(page)
    assert values(anna) == []


def test_the_page_shows_movements_newest_first_with_what_is_left_and_when_it_expires() -> None:
    anna = customer()
    move(anna, 70, expires_on=days(30), external_id="m-1")
    move(anna, 30, expires_on=days(60))
    move(anna, -50)
    page = shown(mia().get(page_of(anna)))
    movements = page.partition('id="movements"')[2]
    assert movements.index("-50") < movements.index("+30") < movements.index("+70")
    assert re.findall(r'data-label="Left">([^<]+)<', movements) == ["–", "30", "20"]
    expiries = page.partition("What expires when")[2].partition("</ul>")[0]
    assert expiries.index(": 20 points") < expiries.index(": 30 points")


def test_movements_are_paged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card, "PAGE", 2)
    client = mia()
    anna = customer()
    for value in (1, 2, 3, 4, 5):
        move(anna, value)
    seen, address = [], page_of(anna)
    while address:
        page = shown(client.get(address))
        seen += re.findall(r'data-label="Points">\+(\d)<', page)
        older = re.search(r'href="(\?before=\d+)[^"]*" rel="next"', page)
        address = page_of(anna) + older[1] if older else ""
    assert seen == ["5", "4", "3", "2", "1"]


def test_the_page_asks_as_many_questions_for_many_movements_as_for_few() -> None:
    client = mia()
    anna, bo = customer(), customer(2)
    move(anna, 1, expires_on=days(3))
    for number in range(12):
        move(bo, 5, expires_on=days(3 + number))
    numbers = []
    for each in (anna, bo):
        client.get(page_of(each))
        with CaptureQueriesContext(connection) as captured:
            client.get(page_of(each))
        numbers.append(len(captured))
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize("number", ["0", "999", "99999999999999999999", "x"])
def test_a_customer_who_isnt_there_is_not_found(number: str) -> None:
    assert mia().get(f"{LIST}{number}/change/").status_code == 404


# -- who may --------------------------------------------------------------------------------------


def test_support_sees_customers_and_changes_nothing() -> None:
    client = sam()
    anna = customer(pin="7310")
    move(anna, 50)
    page = shown(client.get(page_of(anna)))
    assert "anna1@example.test" in page
    assert "+50" in page
    assert '<form method="post"' not in page.partition('id="content-main"')[2]
    for address, data in (
        (page_of(anna), {"email": "x@example.test"}),
        (page_of(anna, "pin"), {"make": "1"}),
        (page_of(anna, "movement"), {"value": "1", "external_id": "x"}),
        (page_of(anna, "delete"), {"post": "yes"}),
        (ADD, {"email": "x@example.test"}),
    ):
        assert client.post(address, data).status_code == 403, address
    anna.refresh_from_db()
    assert (anna.email, anna.pin, values(anna)) == ("anna1@example.test", "7310", [50])


def test_who_has_no_role_sees_no_customers() -> None:
    client = person("eve", None)
    anna = customer()
    for address in (LIST, ADD, page_of(anna), page_of(anna, "history"), page_of(anna, "delete"), page_of(anna, "pin")):
        assert client.get(address).status_code == 403, address


def test_changes_come_by_post_with_the_csrf_token() -> None:
    client = mia(checks_csrf=True)
    anna = customer()
    for page in ("change", "pin", "movement", "delete"):
        assert client.post(page_of(anna, page), {"post": "yes", "make": "1", "value": "1"}).status_code == 403
    for page in ("pin", "movement"):
        assert client.get(page_of(anna, page)).status_code == 403
    assert Customer.objects.get().pin is None


# -- deleting -------------------------------------------------------------------------------------


def test_deleting_a_customer_asks_first_and_then_leaves_nothing_of_the_person() -> None:
    client = mia("view_pin")
    anna = customer()
    other = customer(2)
    move(anna, 50)
    client.post(page_of(anna), {"email": anna.email, "external_id": "c-1", "first_name": "Annabel"})
    asked = shown(client.get(page_of(anna, "delete")))
    assert "all movements and points" in asked
    assert Customer.objects.count() == 2
    client.post(page_of(anna, "delete"), {"post": "yes"})
    assert list(Customer.objects.all()) == [other]
    assert not Movement.objects.exists()
    assert not Customer.history.filter(id=anna.pk).exists()
    entry = LogEntry.objects.get(object_id=str(anna.pk))
    assert (entry.object_repr, entry.user.username) == (f"customer {anna.pk}".capitalize(), "mia")
    assert Customer.history.filter(id=other.pk).exists()


def test_deleting_takes_a_permission_of_its_own() -> None:
    client = person("bo", None, "view_customer", "change_customer")
    anna = customer()
    assert page_of(anna, "delete") not in shown(client.get(page_of(anna)))
    assert client.post(page_of(anna, "delete"), {"post": "yes"}).status_code == 403
    assert Customer.objects.exists()


# -- PINs -----------------------------------------------------------------------------------------


def test_a_pin_is_typed_in_and_the_integrations_are_told() -> None:
    client = mia()
    anna = customer()
    with listening(pins_changed) as heard:
        assert client.post(page_of(anna, "pin"), {"pin": "8462"}).status_code == 302
    assert [[state.pin for state in batch] for batch in heard] == [["8462"]]
    anna.refresh_from_db()
    assert anna.pin == "8462"


def test_a_new_pin_is_made_by_the_portal() -> None:
    client = mia()
    anna = customer(pin="abcdef")
    client.post(page_of(anna, "pin"), {"pin": "", "make": "1"})
    anna.refresh_from_db()
    assert re.fullmatch(r"\d{4}", anna.pin or "")


@pytest.mark.parametrize(
    ("pin", "sentence"),
    [("", "Type a PIN, or press Make a new PIN."), ("12", "A PIN has 4 to 12 digits or letters (a to z).")],
)
def test_a_pin_that_cant_be_is_explained_and_not_shown_again(pin: str, sentence: str) -> None:
    client = mia()
    anna = customer(pin="7310")
    page = shown(client.post(page_of(anna, "pin"), {"pin": pin}))
    assert sentence in page
    assert Customer.objects.get().pin == "7310"


def test_a_registered_customer_gets_no_pin() -> None:
    client = mia()
    anna = customer(registered=True)
    page = shown(client.post(page_of(anna, "pin"), {"make": "1"}))
    assert "A registered customer has no PIN." in page
    assert "Make a new PIN" in page


def test_a_pin_that_cant_be_decrypted_breaks_neither_the_list_nor_the_page() -> None:
    anna = customer(pin="7310")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE loyalty_customer SET pin = %s", [b"broken"])
    client = mia("view_pin")
    assert client.get(LIST).status_code == 200
    assert "The PIN can't be decrypted" in shown(client.get(page_of(anna)))


# -- history --------------------------------------------------------------------------------------


def test_the_history_names_who_changed_what_and_no_pin() -> None:
    client = mia("view_pin")
    anna = customer(first_name="Anna")
    client.post(page_of(anna), {"email": anna.email, "external_id": "c-1", "first_name": "Annabel"})
    client.post(page_of(anna, "pin"), {"pin": "PINCANARY9"})
    page = shown(client.get(page_of(anna, "history")))
    assert re.search(r"First name:</strong> Anna → Annabel", page)
    assert "mia" in page
    assert "PIN changed:" in page
    assert "PINCANARY9" not in page


# -- keyboard and small screens -------------------------------------------------------------------


def test_every_field_of_the_page_has_a_label_and_every_table_its_labels_for_small_screens() -> None:
    client = mia()
    anna = customer()
    move(anna, 5)
    for address in (page_of(anna), ADD):
        page = shown(client.get(address)).partition('id="content-main"')[2]
        fields = re.findall(r"<(?:input|select|textarea)\b[^>]*>", page)
        visible = [field for field in fields if 'type="hidden"' not in field and "search-input-command" not in field]
        assert visible
        for field in visible:
            [pk] = re.findall(r' id="([^"]+)"', field)
            assert f'for="{pk}"' in page, field
        ids = re.findall(r' id="([^"]+)"', page)
        assert len(ids) == len(set(ids))
        assert page.count("<td") == len(re.findall(r"<td data-label=", page))


def test_the_filter_is_made_of_links_that_keep_the_search() -> None:
    client = mia()
    customer(registered=True)
    customer(2)
    page = shown(client.get(LIST, {"q": "anna"}))
    assert 'href="?registered__exact=1&q=anna"' in page
    page = shown(client.get(LIST, {"registered__exact": "0", "q": "anna"}))
    assert re.search(r'registered__exact=0&q=anna" aria-current="page"', page)
    assert "anna1@example.test" not in page
