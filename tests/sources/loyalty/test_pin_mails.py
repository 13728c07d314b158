"""Who mails a PIN, when, and that the PIN stands in the mail's text and nowhere else."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone
from django_q.models import Schedule

from integrations.sources.loyalty.batch import CustomerRow, PinRow
from integrations.sources.loyalty.customers import change_pins, save_customers
from integrations.sources.loyalty.models import Customer, LoyaltySettings, PinMail
from integrations.sources.loyalty.pin_mails import BACKOFF, send_pin_mails
from integrations.sources.loyalty.signals import pins_changed
from integrations.sources.loyalty.states import states_of
from tests.crawl import everything_stored
from tests.sources.loyalty.shop import customer, listening

pytestmark = pytest.mark.django_db
PIN = "CANARY48x21"


class Unreachable(BaseEmailBackend):
    """A mail server that refuses, with words nobody should read in a log."""

    def send_messages(self, messages: Any) -> int:
        raise ConnectionRefusedError(f"refused {messages[0].to} {messages[0].body}")


@pytest.fixture
def unreachable(settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Unreachable"


def sent_to() -> list[str]:
    return [message.to[0] for message in mail.outbox]


# -- who gets one -------------------------------------------------------------------------------------


def test_a_new_pin_is_mailed_once() -> None:
    customer(pin=PIN, first_name="Anna")
    send_pin_mails()
    send_pin_mails()
    [message] = mail.outbox
    assert (message.to, PIN in message.body, "Hello Anna" in message.body) == (["anna1@example.test"], True, True)
    assert PinMail.objects.get().sent_at is not None


def test_the_mail_names_the_shop() -> None:
    LoyaltySettings.load()
    LoyaltySettings.objects.update(sender_name="Example Shop")
    customer(pin=PIN)
    send_pin_mails()
    assert mail.outbox[0].subject == "Your PIN at Example Shop"


def test_a_changed_pin_is_mailed_again() -> None:
    anna = customer(pin="0000")
    send_pin_mails()
    change_pins([PinRow(PIN, customer_id=anna.pk)])
    send_pin_mails()
    assert [PIN in message.body for message in mail.outbox] == [False, True]


def test_over_available_integration_the_portal_mails_nothing() -> None:
    LoyaltySettings.load()
    LoyaltySettings.objects.update(pin_mail=LoyaltySettings.PinMail.INTEGRATION)
    customer(pin=PIN)
    assert PinMail.objects.count() == 0
    assert str(LoyaltySettings.load().get_pin_mail_display()) == "Over Available Integration"


@pytest.mark.parametrize("row", [{"email": ""}, {"pin": None}], ids=["no e-mail", "no PIN"])
def test_no_mail_for_a_customer_with(row: dict[str, Any]) -> None:
    customer(**{"pin": PIN} | row)
    assert PinMail.objects.count() == 0


def test_several_changes_while_a_mail_waits_are_one_mail_with_the_newest_pin() -> None:
    anna = customer(pin="0000")
    change_pins([PinRow("1111", customer_id=anna.pk), PinRow("2222", customer_id=anna.pk)])
    change_pins([PinRow(PIN, customer_id=anna.pk)])
    send_pin_mails()
    [message] = mail.outbox
    assert PIN in message.body
    assert PinMail.objects.count() == 1


@pytest.mark.parametrize("row", [{"registered": True}, {"email": ""}], ids=["registered", "without e-mail"])
def test_who_became_gets_no_mail_and_the_row_is_gone(row: dict[str, Any]) -> None:
    anna = customer(pin=PIN)
    save_customers([CustomerRow(id=anna.pk, **row)])
    send_pin_mails()
    assert (mail.outbox, PinMail.objects.count()) == ([], 0)


def test_it_goes_to_the_address_of_the_day() -> None:
    anna = customer(pin=PIN)
    save_customers([CustomerRow(id=anna.pk, email="new@example.test")])
    send_pin_mails()
    assert sent_to() == ["new@example.test"]


# -- when ---------------------------------------------------------------------------------------------


def test_one_worker_is_woken_by_a_batch_once_it_is_committed(
    queued: Callable[[], int], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        save_customers([CustomerRow(email=f"anna{number}@example.test", pin=PIN) for number in range(50)])
        assert queued() == 0
    assert queued() == 1


def test_a_wake_that_was_lost_is_made_good_within_a_minute() -> None:
    [schedule] = Schedule.objects.filter(func="integrations.sources.loyalty.tasks.send_pin_mails")
    assert (schedule.schedule_type, schedule.minutes, schedule.repeats) == (Schedule.MINUTES, 1, -1)


def test_a_mail_that_can_not_be_sent_is_tried_again_later_and_later(unreachable: None) -> None:
    customer(pin=PIN)
    now, waits = timezone.now(), []
    for _ in range(len(BACKOFF) + 1):
        send_pin_mails(now)
        due = PinMail.objects.get().due_at
        waits.append(round((due - now).total_seconds() / 60))
        send_pin_mails(due - datetime.timedelta(seconds=1))
        now = due
    assert waits == [*BACKOFF, BACKOFF[-1]]
    assert PinMail.objects.get().attempts == len(waits)


def test_once_the_server_answers_the_mail_is_sent(unreachable: None, settings: Any) -> None:
    customer(pin=PIN)
    send_pin_mails()
    row = PinMail.objects.get()
    assert row.problem == "The mail server did not take it (ConnectionRefusedError). It is tried again."
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    send_pin_mails(row.due_at)
    row.refresh_from_db()
    assert (sent_to(), row.problem, row.sent_at is None) == (["anna1@example.test"], "", False)


def test_one_address_that_fails_does_not_keep_the_others_waiting(settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Picky"
    for number in (1, 2, 3):
        customer(number, pin=PIN)
    send_pin_mails()
    assert PinMail.objects.filter(sent_at__isnull=False).count() == 2


class Picky(BaseEmailBackend):
    def send_messages(self, messages: Any) -> int:
        if messages[0].to == ["anna2@example.test"]:
            raise ConnectionError
        return 1


# -- the PIN is a secret ------------------------------------------------------------------------------


def test_the_pin_is_stored_encrypted_and_in_no_history_task_or_mail_row(
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        anna = customer(pin=PIN)
        change_pins([PinRow("0000", customer_id=anna.pk), PinRow(PIN, customer_id=anna.pk)])
    assert PIN not in everything_stored()
    assert Customer.objects.get().pin == PIN


def test_the_pin_is_in_no_subject() -> None:
    customer(pin=PIN)
    send_pin_mails()
    assert PIN not in mail.outbox[0].subject


def test_the_pin_and_the_address_are_in_no_log(unreachable: None, caplog: pytest.LogCaptureFixture) -> None:
    def break_(**kwargs: Any) -> None:
        raise ValueError(f"{kwargs['states'][0].pin} {kwargs['states'][0].email}")

    caplog.set_level(logging.DEBUG)
    pins_changed.connect(break_)
    try:
        customer(pin=PIN)
        send_pin_mails()
    finally:
        pins_changed.disconnect(break_)
    assert "ConnectionRefusedError while sending PIN mail" in caplog.text
    assert "ValueError in" in caplog.text
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("integrations"))
    traces = [record for record in caplog.records if record.exc_info]
    assert (PIN in ours, "anna1@" in ours, traces) == (False, False, [])


def test_the_pin_is_in_no_repr_and_no_refusal() -> None:
    anna = customer(pin=PIN)
    with listening(pins_changed) as heard:
        results = change_pins([PinRow(f"{PIN}toolong", customer_id=anna.pk), PinRow("7310", customer_id=anna.pk)])
    shown = [anna, states_of([anna.pk]), CustomerRow(pin=PIN), PinRow(PIN), results, heard, *PinMail.objects.all()]
    assert PIN not in f"{shown!r} {anna} {PinMail.objects.first()}"
    assert "7310" not in repr(heard)
