"""The basic tags LeadHub prepares itself from the general ones it is sent: what its campaigns are built upon.

Names and meanings are those of the vendor's page on the integration; how a value is worded is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from integrations.sandbox.leadhub.payloads import TagData

ACCOUNT_CHANGED = "ellity_account_changed"
PIN_CHANGED = "ellity_pin_changed"
EXPIRY_CHANGED = "ellity_expiry_changed"


@dataclass(frozen=True, slots=True)
class BasicTag:
    """`read` words the data of the general tag called `source`."""

    name: str
    source: str
    read: Callable[[TagData], str]


def registration(data: TagData) -> str:
    return "Registered" if data.get("registered") else "Not registered"


def credit(data: TagData) -> str:
    return f"{data.get('currentAccount', '?')} points"


def expiry(data: TagData) -> str:
    return f"{data.get('expiryValue', '?')} points expire on {data.get('expiryDate', '?')}"


def pin(data: TagData) -> str:
    return f"New PIN {data.get('newPin', '?')}"


BASIC_TAGS = (
    BasicTag("Ellity - registrace účtu", ACCOUNT_CHANGED, registration),
    BasicTag("Ellity - stav účtu", ACCOUNT_CHANGED, credit),
    BasicTag("Ellity - změna expirace", EXPIRY_CHANGED, expiry),
    BasicTag("Ellity - změna PIN", PIN_CHANGED, pin),
)


def derived(tags: Mapping[str, TagData]) -> list[tuple[BasicTag, str]]:
    """Every basic tag and its value, from the latest data of each general tag; empty until that one came."""
    return [(basic, basic.read(tags[basic.source]) if basic.source in tags else "") for basic in BASIC_TAGS]
