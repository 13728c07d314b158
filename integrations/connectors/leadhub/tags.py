"""The tags: their names, what is in them, and what LeadHub makes of them. Pure."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.sources.loyalty.states import CustomerState

ACCOUNT_CHANGED = "ellity_account_changed"
PIN_CHANGED = "ellity_pin_changed"
EXPIRY_CHANGED = "ellity_expiry_changed"
TEST_CONNECTION = "ellity_test_connection"


@dataclass(frozen=True)
class BasicTag:
    """A tag LeadHub prepares itself from one of ours. We never send it."""

    name: str
    made_from: str
    meaning: Any


BASIC_TAGS = (
    BasicTag("Ellity - registrace účtu", ACCOUNT_CHANGED, _("Whether the customer is registered or not.")),
    BasicTag("Ellity - stav účtu", ACCOUNT_CHANGED, _("The current points of the customer.")),
    BasicTag(
        "Ellity - změna expirace",
        EXPIRY_CHANGED,
        _("Points of the customer expire after the number of days set under Notification before expiry."),
    ),
    BasicTag("Ellity - změna PIN", PIN_CHANGED, _("A new PIN of a customer who is not registered.")),
)


def account_payload(state: CustomerState) -> dict[str, Any]:
    """A customer and account as an event keeps them: the tag, and who it is for."""
    return person_payload(state) | {
        "currentAccount": state.balance,
        "lastChangeDate": state.last_change_at.isoformat() if state.last_change_at else None,
        "lastChangeValue": state.last_change_value or 0,
        "pin": state.pin or "",
        "registered": state.registered,
    }


def pin_payload(state: CustomerState) -> dict[str, Any]:
    # `pinOf` tells one change from another.
    return person_payload(state) | {"newPin": state.pin or "", "pinOf": state.revision}


def expiry_payload(state: CustomerState, date: datetime.date, points: int) -> dict[str, Any]:
    return person_payload(state) | {"expiryDate": date.isoformat(), "expiryValue": points}


def person_payload(state: CustomerState) -> dict[str, Any]:
    return {
        "customer": state.id,
        "email": state.email,
        "firstName": state.first_name,
        "lastName": state.last_name,
        "revision": state.revision,
    }


def account_data(payload: dict[str, Any], now: datetime.datetime, zone: datetime.tzinfo) -> dict[str, Any]:
    """What ellity_account_changed holds when it is sent at `now`. Days and dates are those of `zone`."""
    changed = payload["lastChangeDate"]
    date = datetime.datetime.fromisoformat(changed).astimezone(zone).date() if changed else None
    return {
        "currentAccount": payload["currentAccount"],
        # A movement may be dated some hours ahead.
        "lastChangeBeforeDays": max(0, (now.astimezone(zone).date() - date).days) if date else 0,
        "lastChangeDate": date.isoformat() if date else "",
        "lastChangeValue": payload["lastChangeValue"],
        "pin": payload["pin"],
        "registered": payload["registered"],
    }


def pin_data(payload: dict[str, Any]) -> dict[str, Any]:
    return {"newPin": payload["newPin"]}


def expiry_data(payload: dict[str, Any]) -> dict[str, Any]:
    return {"expiryDate": payload["expiryDate"], "expiryValue": payload["expiryValue"]}
