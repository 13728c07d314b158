"""Creating and changing customers: found by any of their names, and only good rows."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from integrations.core.batch import Outcome, RowResult
from integrations.sources.loyalty.batch import CustomerRow, PinRow
from integrations.sources.loyalty.customers import change_pins, save_customers
from integrations.sources.loyalty.models import Account, Customer
from integrations.sources.loyalty.states import count_customers, states, states_of
from tests.sources.loyalty.shop import account, customer, customers, move

pytestmark = pytest.mark.django_db


def save(**values: Any) -> RowResult:
    [result] = save_customers([CustomerRow(**values)])
    return result


def outcomes(*rows: CustomerRow, **options: Any) -> list[str]:
    return [result.outcome for result in save_customers(rows, **options)]


# -- what is saved ------------------------------------------------------------------------------------


def test_a_new_customer_comes_with_an_account() -> None:
    names = {"first_name": "Anna ", "last_name": "Ny  holm"}
    result = save(external_id=" c-1 ", email=" Anna@Example.test ", pin="4a1b", **names)
    assert result.outcome == Outcome.CREATED
    anna = Customer.objects.get(pk=result.id)
    assert (anna.external_id, anna.email, anna.email_key) == ("c-1", "Anna@Example.test", "anna@example.test")
    assert (anna.first_name, anna.last_name, anna.registered, anna.pin) == ("Anna", "Ny holm", False, "4a1b")
    assert anna.pin_changed_at == anna.created_at == anna.updated_at
    assert (anna.account.balance, anna.account.revision) == (0, 1)


def test_none_leaves_a_value_as_it_is_and_an_empty_text_empties_it() -> None:
    anna = customer(first_name="Anna", last_name="Nyholm")
    assert save(id=anna.pk, last_name="").outcome == Outcome.UPDATED
    anna.refresh_from_db()
    assert (anna.first_name, anna.last_name, anna.email) == ("Anna", "", "anna1@example.test")


def test_the_same_values_again_change_nothing() -> None:
    anna = customer(first_name="Anna", pin="4821")
    result = save(external_id="c-1", email="anna1@example.test", first_name=" Anna", pin="4821", registered=False)
    assert (result.outcome, result.id) == (Outcome.UNCHANGED, anna.pk)
    anna.refresh_from_db()
    assert (anna.updated_at, account(anna).revision) == (anna.created_at, 1)


def test_every_change_is_a_revision_and_leaves_the_points_alone() -> None:
    anna = customer()
    move(anna, 50)
    save(id=anna.pk, first_name="Anna")
    save(id=anna.pk, pin="4821")
    save(id=anna.pk, registered=True)
    assert (account(anna).balance, account(anna).revision) == (50, 5)


@pytest.mark.parametrize("name", ["id", "external_id", "email"])
def test_a_customer_is_found_by_our_id_their_own_id_or_the_e_mail(name: str) -> None:
    anna = customer()
    known = {"id": anna.pk, "external_id": "c-1", "email": "ANNA1@example.test"}
    result = save(**{name: known[name]}, first_name="Anna")
    assert (result.outcome, result.id) == (Outcome.UPDATED, anna.pk)
    assert Customer.objects.count() == Account.objects.count() == 1


def test_who_was_entered_by_e_mail_gets_the_shops_id_later() -> None:
    anna = customer(external_id=None)
    assert save(external_id="c-7", email="anna1@example.test").id == anna.pk
    anna.refresh_from_db()
    assert anna.external_id == "c-7"


def test_becoming_registered_removes_the_pin() -> None:
    anna = customer(pin="4821")
    assert save(id=anna.pk, registered=True).outcome == Outcome.UPDATED
    anna.refresh_from_db()
    assert (anna.registered, anna.pin, anna.pin_changed_at) == (True, None, None)


def test_who_is_no_longer_registered_can_have_a_pin_at_once() -> None:
    anna = customer(registered=True)
    assert save(id=anna.pk, registered=False, pin="4821").outcome == Outcome.UPDATED
    anna.refresh_from_db()
    assert anna.pin == "4821"


def test_an_e_mail_can_be_removed_and_given_to_somebody_else_in_one_batch() -> None:
    anna, bo = customers(2)
    rows = [
        CustomerRow(id=anna.pk, email="new@example.test"),
        CustomerRow(id=bo.pk, email="Anna1@example.test", external_id="c-0"),
        CustomerRow(id=anna.pk, email="anna2@example.test"),
        CustomerRow(external_id="c-2", email="new@example.test"),
        CustomerRow(id=bo.pk, email="new@example.test"),
    ]
    expected = [Outcome.UPDATED, Outcome.UPDATED, Outcome.UPDATED, Outcome.CREATED, Outcome.REFUSED]
    assert outcomes(*rows) == expected
    found = Customer.objects.order_by("pk").values_list("external_id", "email_key")
    assert list(found) == [
        ("c-1", "anna2@example.test"),
        ("c-0", "anna1@example.test"),
        ("c-2", "new@example.test"),
    ]


def test_rows_about_one_new_customer_follow_each_other() -> None:
    first, second, third = save_customers(
        [
            CustomerRow(email="anna@example.test"),
            CustomerRow(email="Anna@example.test", external_id="c-1"),
            CustomerRow(external_id="c-1", email="Anna@example.test"),
        ]
    )
    assert [first.outcome, second.outcome, third.outcome] == [Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED]
    assert first.id == second.id == third.id == Customer.objects.get().pk


# -- refusals -----------------------------------------------------------------------------------------

REFUSALS: list[tuple[dict[str, Any], str, str]] = [
    ({}, "email", "needs an e-mail address or an id of your own"),
    ({"first_name": "Anna", "external_id": " ", "email": ""}, "email", "needs an e-mail address"),
    ({"id": 987654}, "id", "There is no such customer"),
    ({"id": 2**70}, "id", "There is no such customer"),
    ({"email": "anna@"}, "email", "not a valid e-mail address"),
    ({"email": "anna@exa\x00mple.test"}, "email", "control character"),
    ({"email": f"{'a' * 250}@example.test"}, "email", "at most 254 characters"),
    ({"external_id": "c-3", "email": "ANNA2@example.test"}, "email", "Another customer has this e-mail address"),
    ({"external_id": "c-1", "email": "anna2@example.test"}, "email", "Another customer has this e-mail address"),
    ({"external_id": "x" * 101}, "external_id", "at most 100 characters"),
    ({"external_id": "c\x00"}, "external_id", "control character"),
    ({"external_id": "c-3", "first_name": "x" * 101}, "first_name", "at most 100 characters"),
    ({"external_id": "c-3", "last_name": "x\ud800"}, "last_name", "control character"),
    ({"external_id": "c-3", "pin": "123"}, "pin", "4 to 12 digits or letters"),
    ({"external_id": "c-3", "pin": "1234567890123"}, "pin", "4 to 12 digits or letters"),
    ({"external_id": "c-3", "pin": "12 34"}, "pin", "4 to 12 digits or letters"),
    ({"external_id": "c-3", "pin": ""}, "pin", "4 to 12 digits or letters"),
    ({"external_id": "c-3", "pin": "4821", "registered": True}, "pin", "A registered customer has no PIN"),
    ({"external_id": "c-2", "pin": "4821"}, "pin", "A registered customer has no PIN"),
]


@pytest.mark.parametrize(("row", "field", "words"), REFUSALS)
def test_a_bad_row_is_refused_with_a_sentence_and_the_good_ones_are_kept(
    row: dict[str, Any], field: str, words: str
) -> None:
    customer(1)
    customer(2, registered=True)
    before = list(Customer.objects.order_by("pk").values())
    rows = [CustomerRow(email="good1@example.test"), CustomerRow(**row), CustomerRow(email="good2@example.test")]
    first, bad, last = save_customers(rows)
    assert (bad.index, bad.outcome, bad.field, bad.id) == (1, Outcome.REFUSED, field, None)
    assert words in bad.message
    assert bad.message.endswith(".")
    assert [first.outcome, last.outcome] == [Outcome.CREATED] * 2
    assert list(Customer.objects.order_by("pk").values())[:2] == before
    assert Customer.objects.count() == 4


def test_an_id_of_somebody_else_is_refused() -> None:
    anna, _ = customers(2)
    result = save(id=anna.pk, external_id="c-2")
    assert (result.field, result.message) == ("external_id", "Another customer has this id.")


def test_all_or_nothing_keeps_nothing_when_one_row_is_refused() -> None:
    anna = customer(first_name="Anna")
    rows = [CustomerRow(id=anna.pk, first_name="Ann"), CustomerRow(email="bo@example.test"), CustomerRow(email="x")]
    assert outcomes(*rows, all_or_nothing=True) == [Outcome.REFUSED] * 3
    anna.refresh_from_db()
    assert (anna.first_name, Customer.objects.count()) == ("Anna", 1)


# -- PINs ---------------------------------------------------------------------------------------------


def test_pins_change_by_any_name_of_the_customer() -> None:
    anna = customer(pin="0000")
    rows = [PinRow("1111", customer_id=anna.pk), PinRow("2222", customer_external_id="c-1")]
    rows += [PinRow(" 3333 ", email="ANNA1@example.test"), PinRow("3333", customer_id=anna.pk)]
    results = change_pins(rows)
    assert [result.outcome for result in results] == [*[Outcome.UPDATED] * 3, Outcome.UNCHANGED]
    assert {result.id for result in results} == {anna.pk}
    anna.refresh_from_db()
    assert (anna.pin, account(anna).revision) == ("3333", 4)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"customer_external_id": "c-2"}, "pin"),
        ({"customer_external_id": "c-9"}, "customer_external_id"),
        ({}, "customer_id"),
        ({"customer_external_id": "c-1", "pin": "123"}, "pin"),
    ],
    ids=["registered", "unknown", "nobody", "too short"],
)
def test_a_bad_pin_row_is_refused_and_the_good_ones_are_kept(row: dict[str, Any], field: str) -> None:
    anna = customer(1)
    customer(2, registered=True)
    bad, good = change_pins([PinRow(**{"pin": "1111"} | row), PinRow("2222", customer_id=anna.pk)])
    assert (bad.outcome, bad.field, good.outcome) == (Outcome.REFUSED, field, Outcome.UPDATED)
    anna.refresh_from_db()
    assert anna.pin == "2222"


def test_all_or_nothing_changes_no_pin_when_one_row_is_refused() -> None:
    anna = customer(pin="0000")
    results = change_pins([PinRow("1111", customer_id=anna.pk), PinRow("x", customer_id=anna.pk)], all_or_nothing=True)
    assert [result.outcome for result in results] == [Outcome.REFUSED] * 2
    anna.refresh_from_db()
    assert anna.pin == "0000"


# -- every other way in -------------------------------------------------------------------------------


def test_an_object_that_is_saved_has_its_key_and_account() -> None:
    anna = Customer.objects.create(email=" Anna@Example.test")
    assert (anna.email_key, anna.account.balance) == ("anna@example.test", 0)
    anna.email = "Bo@example.test"
    anna.save(update_fields=["email"])
    anna.refresh_from_db()
    assert anna.email_key == "bo@example.test"
    Customer.objects.update(email="")
    anna.refresh_from_db()
    assert anna.email_key is None


def test_the_database_refuses_a_pin_of_a_registered_customer_and_an_e_mail_without_key() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Customer.objects.create(email="anna@example.test", registered=True, pin="4821")
    with pytest.raises(IntegrityError), transaction.atomic():
        Customer.objects.bulk_create([Customer(email="anna@example.test")])


# -- history ------------------------------------------------------------------------------------------


def test_history_keeps_what_was_changed_by_whom_without_the_pin(admin_user: Any) -> None:
    anna = customer(first_name="Anna", pin="4821")
    save(id=anna.pk, first_name="Ann", pin="7310")
    newest, oldest = anna.history.all()
    assert [(row.history_type, row.first_name) for row in (oldest, newest)] == [("+", "Anna"), ("~", "Ann")]
    assert newest.pin_changed_at > oldest.pin_changed_at
    assert not {"pin", "email_key"} & {field.name for field in newest._meta.get_fields()}


# -- states -------------------------------------------------------------------------------------------


def test_states_come_in_pages_by_id_with_two_queries_at_most(django_assert_max_num_queries: Any) -> None:
    people = customers(5)
    move(people[3], 40)
    with django_assert_max_num_queries(2):
        first, second = states(0, 3), states(people[2].pk, 3)
    assert [state.id for state in (*first, *second)] == [who.pk for who in people]
    assert (second[0].email, second[0].balance, second[0].last_change_value) == ("anna4@example.test", 40, 40)
    assert [state.id for state in states_of([people[4].pk, people[0].pk, 987654])] == [people[0].pk, people[4].pk]
    assert count_customers() == 5
