"""Mails with a PIN: queued with the change, sent at least once, tried again when they can't be."""

from __future__ import annotations

import datetime
import logging
import time
from collections.abc import Iterable

from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_q.tasks import async_task

from integrations.core.engine.rows import insert
from integrations.sources.loyalty.models import Customer, LoyaltySettings, PinMail, PinMailBy

logger = logging.getLogger(__name__)

SEND = "integrations.sources.loyalty.tasks.send_pin_mails"
# Minutes until the next try, by attempt; the last one again and again: who waits for a PIN can't do without.
BACKOFF = (1, 5, 15, 60, 240, 720)
# A task ends well before django-q2 would stop it.
SECONDS = 45
BATCH = 100


def queue_pin_mails(customers: Iterable[Customer]) -> None:
    """A mail to each who can have one, if the portal sends them; in the caller's transaction."""
    ids = [customer.pk for customer in customers if customer.pin and customer.email]
    if ids and LoyaltySettings.load().pin_mail == PinMailBy.SYSTEM:
        now = timezone.now()
        insert(PinMail, ("customer_id",), ((pk,) for pk in ids), same={"created_at": now, "due_at": now})
        transaction.on_commit(lambda: async_task(SEND), robust=True)


def send_pin_mails(now: datetime.datetime | None = None) -> None:
    """Send what is due. Safe to run twice at once: a mail is taken before it is sent."""
    now = now or timezone.now()
    settings = LoyaltySettings.load()
    ends = time.monotonic() + SECONDS
    waiting = PinMail.objects.filter(sent_at__isnull=True, due_at__lte=now).order_by("due_at", "pk")
    while batch := list(waiting[:BATCH]):
        for mail in batch:
            if time.monotonic() > ends:
                return
            if _take(mail, now):
                _send(mail, settings)


def _take(mail: PinMail, now: datetime.datetime) -> bool:
    """Put the next try off, so that nobody else sends it meanwhile, and a crash has it sent again."""
    mine = PinMail.objects.filter(pk=mail.pk, due_at=mail.due_at, sent_at__isnull=True)
    mail.attempts += 1
    wait = BACKOFF[min(mail.attempts, len(BACKOFF)) - 1]
    return bool(mine.update(attempts=mail.attempts, due_at=now + datetime.timedelta(minutes=wait)))


def _send(mail: PinMail, settings: LoyaltySettings) -> None:
    row = PinMail.objects.filter(pk=mail.pk)
    customer = Customer.objects.get(pk=mail.customer_id)
    newer = PinMail.objects.filter(customer_id=customer.pk, sent_at__isnull=True, pk__gt=mail.pk)
    if not customer.pin or not customer.email or newer.exists():
        row.delete()
        return
    try:
        _message(customer, settings).send()
    except Exception as error:  # noqa: BLE001 – mail backends raise what they like; its text may name the customer
        logger.error("%s while sending PIN mail %s", type(error).__name__, mail.pk)
        text = _("The mail server did not take it (%(error)s). It is tried again.")
        row.update(problem=text % {"error": type(error).__name__})
    else:
        row.update(sent_at=timezone.now(), problem="")


def _message(customer: Customer, settings: LoyaltySettings) -> EmailMessage:
    shop = settings.sender_name
    subject = _("Your PIN at %(shop)s") % {"shop": shop} if shop else _("Your PIN for the loyalty programme")
    text = _("Hello %(name)s,\n\nyour new PIN is: %(pin)s\n\nUse it to spend your points. Don't show it to anybody.")
    name = customer.first_name or customer.email
    return EmailMessage(subject, text % {"name": name, "pin": customer.pin}, to=[customer.email])
