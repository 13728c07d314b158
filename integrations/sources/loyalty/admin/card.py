"""What a customer's page shows: account, PIN, what expires when, and the movements."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from cryptography.fernet import InvalidToken
from django.db.models import Sum
from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from integrations.core import keyset
from integrations.core.admin.log.list import position
from integrations.core.keyset import Rows, Stream
from integrations.sources.loyalty.models import Customer, Movement

PAGE = 25
# Dates on which points expire; more are under the movements.
DATES = 12
HIDDEN = "••••"


def card(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    shown = {
        "customer": customer,
        "account": customer.account,
        "pin_words": pin_words(customer, may_see=request.user.has_perm("loyalty.view_pin")),
        "can_see_movements": request.user.has_perm("loyalty.view_movement"),
    }
    if shown["can_see_movements"]:
        shown |= {"expiries": expiries(customer), **movements(request, customer)}
    return shown


def pin_words(customer: Customer, *, may_see: bool) -> str:
    """The PIN for those who may see it, and for the others since when there is one."""
    if customer.registered:
        return _("None: registered customers have no PIN.")
    try:
        pin = customer.pin
    except InvalidToken:
        return _("The PIN can't be decrypted: FERNET_KEYS of this installation changed. Give the customer a new one.")
    if not pin:
        return _("None yet.")
    words = {"pin": pin if may_see else HIDDEN, "when": _when(customer.pin_changed_at)}
    return _("%(pin)s (set on %(when)s)") % words if words["when"] else words["pin"]


def _when(moment: datetime.datetime | None) -> str:
    return formats.date_format(timezone.localtime(moment), "DATETIME_FORMAT") if moment else ""


def expiries(customer: Customer) -> Iterable[Any]:
    """The next dates on which points are lost: `expires_on` and `points`."""
    left = Movement.objects.filter(account_id=customer.pk, remaining__gt=0, expires_on__isnull=False)
    return left.values("expires_on").annotate(points=Sum("remaining")).order_by("expires_on")[:DATES]


def movements(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """A page of movements, the newest first."""
    rows = Rows(Movement._meta.db_table, (Stream((("account_id", customer.pk),)),))
    page = keyset.page(rows, PAGE, **position(request.GET))
    found = Movement.objects.in_bulk(page.ids)
    return {
        "movements": [found[pk] for pk in page.ids if pk in found],
        "older_url": f"?before={page.before}" if page.before is not None else "",
        "newer_url": f"?after={page.after}" if page.after is not None else "",
    }
