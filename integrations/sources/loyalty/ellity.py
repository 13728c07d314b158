"""Ellity's own webhook: a call says a customer's points, and the account here follows.

Ellity documents no signature, retry or time stamp (Settings › Integration › Webhooks): the secret is in the address,
and the same change within a minute is the same call.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.core.batch import Outcome
from integrations.core.hooks import as_json
from integrations.sources.loyalty.accounts import lock
from integrations.sources.loyalty.batch import CustomerRow, MovementRow
from integrations.sources.loyalty.customers import save_customers
from integrations.sources.loyalty.models import Account, Reason
from integrations.sources.loyalty.models_ellity import CallStatus as Status
from integrations.sources.loyalty.models_ellity import WebhookCall
from integrations.sources.loyalty.movements import record_movements
from integrations.sources.loyalty.rules import MOST_POINTS

# The body for Ellity's form: it puts values for the #names#, always as text, and "" for what an event doesn't have.
BODY = json.dumps(
    {
        "event": "account_changed",
        "eshopId": "#account.eshopId#",
        "customer": {"id": "#customer.id#", "email": "#customer.email#", "credit": "#customer.credit#"},
        "creditChange": {"value": "#creditChange.value#"},
    },
    indent=2,
)
# Without a body Ellity calls by GET: the same in the address.
VARIABLES = ("customer.id", "customer.email", "customer.credit", "creditChange.value")
QUERY = "&".join(f"{name}=#{name}#" for name in VARIABLES)
SAME_CALL = datetime.timedelta(seconds=60)

NOT_JSON = gettext_lazy(
    "The call is not a JSON object. Copy the body for Ellity's form from the page of the webhook URL."
)
NO_CUSTOMER = gettext_lazy("The call names no customer: neither customer.id nor customer.email is filled in.")
NO_NUMBER = gettext_lazy("%(name)s is not a whole number of points that the portal can hold.")
NO_CREDIT = gettext_lazy("customer.credit is empty, so the points were left as they are. Add it to the body in Ellity.")
NEGATIVE = gettext_lazy(
    "customer.credit is below 0. An account here is never below 0, so the points were left as they are."
)
NOT_SAVED = gettext_lazy("The customer could not be saved: %(reason)s")
NOT_MOVED = gettext_lazy("The points could not be changed: %(reason)s")
DUPLICATE = gettext_lazy("The same change came within the last %(seconds)s seconds, so nothing was done.")
CUSTOMER_ONLY = gettext_lazy("The call says nothing about points; the customer is up to date.")
AGREES = gettext_lazy("The account already had %(credit)s points, so nothing was moved.")
MOVED = gettext_lazy("%(value)s points, as Ellity says.")
CORRECTED = gettext_lazy(
    "Corrected by %(value)s: Ellity says %(credit)s points after %(change)s, and the account had %(balance)s."
)


class NotApplied(Exception):
    """Why a call can't be applied, as a sentence without personal data."""


@dataclass(frozen=True)
class Change:
    """What a call says; None where it says nothing."""

    external_id: str | None
    email: str | None
    credit: int | None
    value: int | None


def fields_of(body: bytes) -> Mapping[str, Any]:
    """The variables in a body, by Ellity's names for them. Raises ValueError when it is no JSON object."""
    message = as_json(body)
    if not isinstance(message, dict):
        raise ValueError("no object")
    customer, change = (_object(message.get(name)) for name in ("customer", "creditChange"))
    named = {f"customer.{name}": customer.get(name) for name in ("id", "email", "credit")}
    return named | {"creditChange.value": change.get("value")}


def read(fields: Mapping[str, Any]) -> Change:
    """Raises NotApplied."""
    change = Change(
        external_id=_text(fields.get("customer.id")),
        email=_text(fields.get("customer.email")),
        credit=_points("customer.credit", fields.get("customer.credit")),
        value=_points("creditChange.value", fields.get("creditChange.value")),
    )
    if not change.external_id and not change.email:
        raise NotApplied(NO_CUSTOMER)
    return change


def apply(call: WebhookCall, fields: Mapping[str, Any]) -> None:
    """Bring customer and account to what a stored call says, and write what became of it. Raises DatabaseError."""
    try:
        with transaction.atomic():
            change = read(fields)
            call.credit, call.value = change.credit, change.value
            call.customer_id = _save_customer(change)
            # Two same calls at once can't both get past this: the second one waits here, and then sees the first.
            account = lock([call.customer_id])[call.customer_id]
            call.status, call.message = _followed(call, change, account)
            call.save()
    except NotApplied as problem:
        call.status, call.message = Status.REFUSED, str(problem)
        call.save()


def forget_bodies(now: datetime.datetime | None = None) -> None:
    """Nightly: delete the bodies that are older than RETENTION_DAYS. That a call came, and its outcome, stay."""
    limit = (now or timezone.now()) - datetime.timedelta(days=settings.RETENTION_DAYS)
    WebhookCall.objects.filter(received_at__lt=limit, body__isnull=False).update(body=None)


def _save_customer(change: Change) -> int:
    """The customer's id here. Raises NotApplied."""
    [saved] = save_customers([CustomerRow(external_id=change.external_id, email=change.email)])
    if saved.id is None:
        raise NotApplied(str(NOT_SAVED % {"reason": saved.message}))
    return saved.id


def _followed(call: WebhookCall, change: Change, account: Account) -> tuple[str, str]:
    """Status and message of a call whose account is locked. The customer stays saved in any case."""
    if _came_before(call, account):
        return Status.DUPLICATE, str(DUPLICATE % {"seconds": SAME_CALL.seconds})
    if change.credit is None:
        return (Status.REFUSED, str(NO_CREDIT)) if change.value else (Status.APPLIED, str(CUSTOMER_ONLY))
    if change.credit < 0:
        return Status.REFUSED, str(NEGATIVE)
    missing = change.credit - account.balance
    if not missing:
        return Status.APPLIED, str(AGREES % {"credit": f"{change.credit:,}"})
    return _moved(missing, change, account)


def _came_before(call: WebhookCall, account: Account) -> bool:
    same = WebhookCall.objects.filter(customer=account.pk, value=call.value, credit=call.credit)
    since = call.received_at - SAME_CALL
    return same.filter(status=Status.APPLIED, received_at__gte=since).exclude(pk=call.pk).exists()


def _moved(missing: int, change: Change, account: Account) -> tuple[str, str]:
    """Move the points that the account is away from Ellity's credit: as told, or as a correction."""
    expected = missing == change.value
    reason = "" if expected else str(Reason.CORRECTION)
    [moved] = record_movements([MovementRow(customer_id=account.pk, value=missing, reason=reason)])
    if moved.outcome == Outcome.REFUSED:
        return Status.REFUSED, str(NOT_MOVED % {"reason": moved.message})
    if expected:
        return Status.APPLIED, str(MOVED % {"value": f"{missing:+,}"})
    told = (
        _("an unknown change") if change.value is None else _("a change of %(value)s") % {"value": f"{change.value:+,}"}
    )
    numbers = {"value": f"{missing:+,}", "credit": f"{change.credit:,}", "balance": f"{account.balance:,}"}
    return Status.APPLIED, str(CORRECTED % {**numbers, "change": told})


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    """Ellity's text; a body without quotes makes a number of it."""
    return str(value).strip() or None if isinstance(value, str | int) else None


def _points(name: str, value: Any) -> int | None:
    """A number of points as text ("120", "120.00") or number; None for "". Raises NotApplied."""
    text = str(value).strip() if value is not None else ""
    if not text:
        return None
    try:
        number = Decimal(text)
        if abs(number) <= MOST_POINTS and number == int(number):
            return int(number)
    except (InvalidOperation, ValueError, OverflowError):
        pass
    raise NotApplied(NO_NUMBER % {"name": name})
