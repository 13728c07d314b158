"""LeadHub's journey: movement, PIN and expiry become tags, and 200 customers are exported."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import Group
from django.utils import timezone

from integrations.connectors.leadhub import tags
from integrations.connectors.leadhub.connector import EXPORT, NIGHTLY
from integrations.connectors.leadhub.models import LeadHubConnection, Notification
from integrations.core import newcomer
from integrations.core.demo.journeys import Journey, Step, journey, until
from integrations.core.engine import collect
from integrations.core.http import HttpClient
from integrations.core.models import Connection, Run
from integrations.core.setup import MARKETING, SUPPORT
from integrations.sources.loyalty.batch import CustomerRow, MovementRow, PinRow
from integrations.sources.loyalty.customers import change_pins, save_customers
from integrations.sources.loyalty.models import LoyaltySettings
from integrations.sources.loyalty.movements import record_movements
from integrations.sources.loyalty.states import count_customers

NAME = "Tags for LeadHub (practice)"
EMAIL = "jana@example.test"
# Invented people, with points that never expire.
SAMPLE = (("Adam", "Dvořák", 40), ("Petra", "Horáková", 320), ("Cyril", "Novák", 0), ("Dana", "Malá", 75))
OTHERS = 200
DAYS = 14
# The practice account's limit is lifted: at LeadHub's own pace the export would take seven minutes.
CALLS_A_MINUTE = 600


def set_up(practice: str) -> None:
    """Sample customers and the sample connection; what exists already stays."""
    if LeadHubConnection.objects.installed().filter(name=NAME).exists():
        return
    _fill_customer_list()
    account = _practice(practice)
    token = account.post("settings", json={"tag_write_limit": 0, "profile_write_limit": 0}).json()["token"]
    account.close()
    connection = LeadHubConnection.objects.create(
        connector="leadhub",
        name=NAME,
        api_address=f"{practice}/leadhub/practice",
        api_key=token,
        calls_per_minute=CALLS_A_MINUTE,
        expiry_notification=Notification.SEND,
        expiry_days=DAYS,
    )
    connection.access_roles.set(Group.objects.filter(name__in=[MARKETING, SUPPORT]))
    newcomer.complete(connection, by="demo")
    connection.set_state(Connection.State.ENABLED, "Set up by the demo.")


def _fill_customer_list() -> None:
    # LeadHub mails the PIN here: nobody shall get it twice.
    LoyaltySettings.objects.update_or_create(pk=1, defaults={"pin_mail": LoyaltySettings.PinMail.INTEGRATION})
    people = [(f"{first.lower()}@example.test", first, last, points) for first, last, points in SAMPLE]
    save_customers([CustomerRow(email=email, first_name=first, last_name=last) for email, first, last, _ in people])
    record_movements([MovementRow(email=email, value=points) for email, _, _, points in people if points])


def walk(practice: str) -> Iterator[Step]:
    connection = LeadHubConnection.objects.installed().get(name=NAME)
    now = timezone.now()
    save_customers([CustomerRow(email=EMAIL, first_name="Jana", registered=False, pin="4821")])
    with _practice(practice) as leadhub:

        def tag(name: str, key: str) -> Any:
            found = leadhub.get("profiles", params={"email_address": EMAIL}).json()["profiles"]
            return found[0]["tags"].get(name, {}).get(key) if found else None

        change_pins([PinRow(email=EMAIL, pin="7310")])
        yield Step("a PIN becomes a tag", "7310", until(lambda: tag(tags.PIN_CHANGED, "newPin"), "7310"))

        soon = now.astimezone(connection.zone).date() + datetime.timedelta(days=DAYS)
        record_movements([MovementRow(email=EMAIL, value=120, reason="order", moved_at=now, expires_on=soon)])
        points = until(lambda: tag(tags.ACCOUNT_CHANGED, "currentAccount"), 120)
        yield Step("a movement becomes a tag", "120", points)

        collect.start(connection, NIGHTLY, Run.Trigger.MANUAL)
        expiring = until(lambda: tag(tags.EXPIRY_CHANGED, "expiryValue"), 120)
        yield Step("a coming expiry becomes a tag", "120", expiring)

        save_customers([CustomerRow(email=f"customer{number}@example.test") for number in range(OTHERS)])
        run = collect.start(connection, EXPORT, Run.Trigger.EXPORT)
        assert run is not None
        status = until(lambda: Run.objects.get(pk=run.pk).status, Run.Status.SUCCESS)
        yield Step(f"{OTHERS} customers and more are exported", "success", status)
        known = leadhub.get("profiles", params={"limit": 1000}).json()["profiles"]
        tagged = sum(tags.ACCOUNT_CHANGED in profile["tags"] for profile in known)
        yield Step("LeadHub has all of them", str(count_customers()), str(tagged))


def _practice(practice: str) -> HttpClient:
    return HttpClient(f"{practice}/practice/leadhub/practice", vendor="The practice account")


journey(Journey("LeadHub Integration", set_up, walk))
