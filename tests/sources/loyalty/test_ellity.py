"""Ellity's webhook: stored first, then the account follows what Ellity says."""

from __future__ import annotations

import datetime
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from django.db import OperationalError, connection, connections, transaction
from django.test import Client
from django.utils import timezone

from integrations.core.api.tokens import new_token
from integrations.core.hooks import MAX_BODY
from integrations.core.models import ApiToken
from integrations.sources.loyalty import ellity
from integrations.sources.loyalty.batch import CustomerRow, MovementRow
from integrations.sources.loyalty.customers import save_customers
from integrations.sources.loyalty.ellity_hook import SCOPE
from integrations.sources.loyalty.models import Account, Customer, Movement
from integrations.sources.loyalty.models_ellity import WebhookCall
from integrations.sources.loyalty.movements import record_movements
from tests.core.api_client import Program, refused
from tests.crawl import everything_stored

pytestmark = pytest.mark.django_db
ANNA = "anna@example.test"
at_once = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite in memory refuses where a file would wait")


class Ellity:
    """Calls as the body of the vendor's sheet has it: all values are text."""

    def __init__(self) -> None:
        self.token = new_token("Ellity", [SCOPE])[1]
        self.path = f"/hooks/ellity/{self.token}/"
        self.client = Client(raise_request_exception=False)

    def post(self, body: bytes, **extra: Any) -> Any:
        return self.client.post(self.path, body, content_type="application/json", **extra)

    def says(self, *, id: str = "48213", email: str = ANNA, credit: str = "", value: str = "") -> WebhookCall:
        customer = {"id": id, "email": email, "credit": credit}
        body = {"event": "account_changed", "eshopId": "7", "customer": customer, "creditChange": {"value": value}}
        response = self.post(json.dumps(body).encode())
        assert response.status_code == 202, response.content
        call = WebhookCall.objects.latest("pk")
        assert response.json() == {"status": call.status, "message": call.message}
        return call


@pytest.fixture
def shop() -> Ellity:
    return Ellity()


def balance() -> int:
    return Account.objects.get().balance


def values() -> list[int]:
    return list(Movement.objects.order_by("pk").values_list("value", flat=True))


# -- what Ellity says is done -----------------------------------------------------------------------


def test_a_new_customer_is_created_with_the_points(shop: Ellity) -> None:
    call = shop.says(credit="120", value="120")
    customer = Customer.objects.get()
    assert (customer.external_id, customer.email, customer.account.balance) == ("48213", ANNA, 120)
    assert (call.status, call.customer, call.value, call.credit) == ("applied", customer, 120, 120)
    assert "+120" in call.message


def test_a_change_that_agrees_is_a_movement_of_that_value(shop: Ellity) -> None:
    shop.says(credit="120", value="120")
    shop.says(credit="90", value="-30")
    assert values() == [120, -30]
    assert [movement.reason for movement in Movement.objects.order_by("pk")] == ["order", "spending"]


def test_points_that_do_not_agree_are_corrected_and_the_call_says_so(shop: Ellity) -> None:
    shop.says(credit="100", value="100")
    call = shop.says(credit="150", value="30")
    assert (balance(), values()) == (150, [100, 50])
    assert Movement.objects.latest("pk").reason == "correction"
    assert call.status == "applied"
    assert call.message == "Corrected by +50: Ellity says 150 points after a change of +30, and the account had 100."


def test_points_are_corrected_downwards_too(shop: Ellity) -> None:
    shop.says(credit="100", value="100")
    shop.says(credit="20", value="30")
    assert (balance(), values()) == (20, [100, -80])


def test_an_account_that_already_agrees_stays_as_it_is(shop: Ellity) -> None:
    shop.says(credit="100", value="100")
    call = shop.says(credit="100", value="5")
    assert (values(), call.status) == ([100], "applied")
    assert "already had 100 points" in call.message


def test_a_known_customer_is_found_by_email_and_gets_ellitys_id(shop: Ellity) -> None:
    [known] = save_customers([CustomerRow(email=ANNA)])
    record_movements([MovementRow(customer_id=known.id, value=70)])
    shop.says(email=ANNA.upper(), credit="100", value="30")
    customer = Customer.objects.get()
    assert (customer.pk, customer.external_id, balance()) == (known.id, "48213", 100)


def test_a_customer_found_by_id_gets_the_new_email(shop: Ellity) -> None:
    shop.says(credit="10", value="10")
    shop.says(email="anna.nielsen@example.test", credit="20", value="10")
    assert Customer.objects.get().email == "anna.nielsen@example.test"


def test_an_empty_email_leaves_the_known_one(shop: Ellity) -> None:
    shop.says(credit="10", value="10")
    shop.says(email="", credit="20", value="10")
    assert Customer.objects.get().email == ANNA


def test_without_a_change_the_points_still_become_what_ellity_says(shop: Ellity) -> None:
    call = shop.says(credit="40", value="")
    assert (balance(), call.status) == (40, "applied")
    assert "an unknown change" in call.message


def test_a_call_without_points_updates_the_customer_only(shop: Ellity) -> None:
    call = shop.says(credit="", value="")
    assert (call.status, Customer.objects.get().email, values()) == ("applied", ANNA, [])


def test_numbers_without_quotes_and_whole_decimals_are_understood(shop: Ellity) -> None:
    body = {"customer": {"id": 48213, "email": None, "credit": 120}, "creditChange": {"value": "120.00"}}
    assert shop.post(json.dumps(body).encode()).status_code == 202
    assert (Customer.objects.get().external_id, values()) == ("48213", [120])


def test_a_get_says_it_in_the_address(shop: Ellity) -> None:
    query = {"customer.id": "48213", "customer.email": ANNA, "customer.credit": "120", "creditChange.value": "120"}
    assert set(query) == set(ellity.VARIABLES)
    assert shop.client.get(shop.path, query).status_code == 202
    assert (Customer.objects.get().email, values()) == (ANNA, [120])


def test_the_body_for_ellitys_form_is_what_is_read(shop: Ellity) -> None:
    filled = ellity.BODY
    for name, value in (("id", "48213"), ("email", ANNA), ("credit", "5")):
        filled = filled.replace(f"#customer.{name}#", value)
    filled = filled.replace("#creditChange.value#", "5").replace("#account.eshopId#", "7")
    assert shop.post(filled.encode()).status_code == 202
    assert (Customer.objects.get().external_id, values()) == ("48213", [5])


# -- the same again ---------------------------------------------------------------------------------


def test_the_same_call_within_a_minute_is_a_duplicate(shop: Ellity) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        shop.says(credit="120", value="20")
    # Meanwhile the shop's own system spends: a second application would give the points back.
    record_movements([MovementRow(customer_external_id="48213", value=-20)])
    with time_machine.travel(start + datetime.timedelta(seconds=60), tick=False):
        assert shop.says(credit="120", value="20").status == "duplicate"
        assert balance() == 100
    with time_machine.travel(start + datetime.timedelta(seconds=61), tick=False):
        assert shop.says(credit="120", value="20").status == "applied"
        assert balance() == 120


@pytest.mark.parametrize("other", [{"credit": "121"}, {"value": "21"}, {"id": "48214", "email": ""}])
def test_a_call_that_differs_is_no_duplicate(shop: Ellity, other: dict[str, str]) -> None:
    shop.says(credit="120", value="20")
    assert shop.says(**{"credit": "120", "value": "20", **other}).status == "applied"


@at_once
@pytest.mark.django_db(transaction=True)
def test_the_same_call_from_many_at_once_is_applied_once() -> None:
    shop = Ellity()
    body = json.dumps({"customer": {"id": "48213", "credit": "120"}, "creditChange": {"value": "20"}}).encode()

    def once(_: int) -> str:
        try:
            return str(Client().post(shop.path, body, content_type="application/json").json()["status"])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(once, range(4))) == ["applied"] + ["duplicate"] * 3
    assert values() == [120]


@at_once
@pytest.mark.django_db(transaction=True)
def test_points_that_move_meanwhile_are_seen_before_the_account_is_brought_to_ellitys() -> None:
    shop = Ellity()
    shop.says(credit="100", value="100")

    def meanwhile() -> str:
        try:
            return shop.says(credit="150", value="50").message
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            record_movements([MovementRow(customer_external_id="48213", value=20)])
            message = pool.submit(meanwhile)
            until_somebody_waits()
        assert "Corrected by +30" in message.result()
    assert (balance(), values()) == (150, [100, 20, 30])


def until_somebody_waits() -> None:
    """For a lock that this transaction holds."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    for _ in range(10_000):
        with connection.cursor() as cursor:
            # Inside a transaction PostgreSQL goes on showing what it showed first.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waited")


# -- what can't be applied stays visible ------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"id": "", "email": ""}, "names no customer"),
        ({"email": "anna", "credit": "5"}, "not a valid e-mail"),
        ({"id": "x" * 200, "credit": "5"}, "too long"),
        ({"id": "a\0b", "credit": "5"}, "can't be stored"),
        ({"credit": "many"}, "customer.credit is not a whole number"),
        ({"credit": "12.5"}, "customer.credit is not a whole number"),
        ({"credit": "NaN"}, "customer.credit is not a whole number"),
        ({"credit": "1e400"}, "customer.credit is not a whole number"),
        ({"credit": "9" * 30}, "customer.credit is not a whole number"),
        ({"credit": "5", "value": "--"}, "creditChange.value is not a whole number"),
    ],
)
def test_a_call_that_cannot_be_applied_keeps_its_reason_and_changes_nothing(
    shop: Ellity, said: dict[str, str], reason: str
) -> None:
    call = shop.says(**said)
    assert call.status == "refused"
    assert reason in call.message
    assert ANNA not in call.message
    assert not Customer.objects.exists()


@pytest.mark.parametrize("said", [{"credit": "", "value": "5"}, {"credit": "-5", "value": "-5"}])
def test_points_that_cannot_be_followed_stay_and_the_call_says_so(shop: Ellity, said: dict[str, str]) -> None:
    call = shop.says(**said)
    assert (call.status, values()) == ("refused", [])
    assert "points were left as they are" in call.message
    assert Customer.objects.get().email == ANNA


def test_another_ones_email_is_refused_with_the_reason(shop: Ellity) -> None:
    shop.says(id="1", credit="5", value="5")
    call = shop.says(id="2", credit="7", value="7")
    assert (call.status, call.customer) == ("refused", None)
    assert "Another customer has this e-mail address" in call.message
    assert values() == [5]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[]", b'"text"', b"[" * 100_000, b"customer.id=1"])
def test_what_is_no_json_object_is_a_bad_request_and_stays_visible(shop: Ellity, body: bytes) -> None:
    response = shop.post(body)
    assert response.status_code == 400
    call = WebhookCall.objects.get()
    assert (call.body, call.status) == (body, "refused")
    assert "not a JSON object" in call.message


@pytest.mark.parametrize("body", [{}, {"customer": "48213"}, {"customer": []}, {"customer": {"id": {"a": 1}}}])
def test_json_in_another_form_names_no_customer(shop: Ellity, body: Any) -> None:
    assert shop.post(json.dumps(body).encode()).status_code == 202
    assert "names no customer" in WebhookCall.objects.get().message


def test_a_get_without_variables_names_no_customer(shop: Ellity) -> None:
    assert shop.client.get(shop.path).status_code == 202
    assert "names no customer" in WebhookCall.objects.get().message


# -- the address ------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_wrong_token_is_not_found_and_nothing_is_stored(method: str) -> None:
    assert getattr(Client(), method)("/hooks/ellity/nobody/").status_code == 404
    assert not WebhookCall.objects.exists()


def test_a_token_for_the_api_is_no_address_and_an_address_no_token_for_the_api(shop: Ellity) -> None:
    other = Program("loyalty").token
    assert Client().post(f"/hooks/ellity/{other}/", b"{}", content_type="application/json").status_code == 404
    refused(Program(token=shop.token).get("/api/loyalty/customers"), 403)


def test_a_revoked_address_is_not_found(shop: Ellity) -> None:
    ApiToken.objects.update(revoked_at=timezone.now())
    assert shop.post(b"{}").status_code == 404


def test_other_methods_are_refused(shop: Ellity) -> None:
    assert shop.client.put(shop.path).status_code == 405


def test_a_body_above_the_cap_is_not_read(shop: Ellity) -> None:
    assert shop.post(b"x" * (MAX_BODY + 1)).status_code == 413
    assert f"larger than {MAX_BODY // 1024} KiB" in WebhookCall.objects.latest("pk").message
    call = WebhookCall.objects.get()
    assert (call.body, call.status) == (None, "refused")


def test_a_call_needs_no_csrf_token_and_is_not_redirected(shop: Ellity, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT, settings.SECURE_REDIRECT_EXEMPT = True, [r"^hooks/"]
    client = Client(enforce_csrf_checks=True)
    assert client.post(shop.path, b"{}", content_type="application/json").status_code == 202
    assert client.get("/admin/").status_code == 301


def test_without_the_database_it_is_unavailable(shop: Ellity) -> None:
    def away(*arguments: Any) -> Any:
        raise OperationalError("could not connect")

    with connection.execute_wrapper(away):
        response = shop.post(b"{}")
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0


def test_a_call_that_was_stored_and_not_applied_is_not_answered_with_success(shop: Ellity) -> None:
    def away(execute: Any, sql: str, *arguments: Any) -> Any:
        if "loyalty_customer" in sql:
            raise OperationalError("could not connect")
        return execute(sql, *arguments)

    with connection.execute_wrapper(away):
        response = shop.post(b'{"customer": {"id": "1", "credit": "5"}}')
    assert response.status_code == 503
    assert WebhookCall.objects.get().status == "received"


# -- what is kept -----------------------------------------------------------------------------------


def test_the_stored_body_is_encrypted_and_deleted_after_the_retention_period(shop: Ellity, settings: Any) -> None:
    call = shop.says(email="", id="secret-id-48213", credit="many")
    assert b"secret-id-48213" in WebhookCall.objects.get().body
    assert "secret-id-48213" not in everything_stored()
    ellity.forget_bodies(call.received_at + datetime.timedelta(days=settings.RETENTION_DAYS - 1))
    assert WebhookCall.objects.get().body is not None
    ellity.forget_bodies(call.received_at + datetime.timedelta(days=settings.RETENTION_DAYS, seconds=1))
    assert (WebhookCall.objects.get().body, WebhookCall.objects.get().message) == (None, call.message)


def test_the_token_stands_in_no_log_answer_or_row(shop: Ellity, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [shop.post(b"{"), shop.post(b"{}"), shop.client.put(shop.path), shop.post(b"x" * (MAX_BODY + 1))]
    assert {answer.status_code for answer in answers} == {400, 202, 405, 413}
    assert "Bad Request: /hooks/ellity/•••/" in caplog.text
    assert shop.token not in caplog.text
    assert all(shop.token.encode() not in answer.content for answer in answers)
    assert shop.token not in everything_stored()
