"""Who sends PINs: warnings when two do, and when nobody does."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.core.models import Connection
from integrations.core.notices import Notice, notice
from integrations.core.registry import with_duty
from integrations.sources.loyalty.models import LoyaltySettings, PinMailBy

DUTY = "loyalty.pin_mail"


@notice
def pin_notices(request: HttpRequest) -> Iterator[Notice]:
    """For those who may see Basic Settings."""
    if request.user.has_perm("loyalty.view_loyaltysettings") or request.user.has_perm("loyalty.change_loyaltysettings"):
        for text in pin_warnings(request):
            yield Notice(text, reverse("admin:loyalty_loyaltysettings_changelist"))


def pin_warnings(request: HttpRequest) -> Iterator[str]:
    """Sentences; connections this user has no access to are counted, not named."""
    senders = with_duty(DUTY)
    by_system = LoyaltySettings.load().pin_mail == PinMailBy.SYSTEM
    if by_system and senders.exists():
        text = _(
            "Customers get each new PIN twice: from the portal and from %(names)s. Choose Over Available Integration "
            "in Settings – Basic Settings – Emails, or disable the other one."
        )
        yield text % {"names": _names(request)}
    elif not by_system and not senders.exists():
        yield _(
            "Nobody sends new PINs to customers: Over Available Integration is chosen in Settings – Basic Settings – "
            "Emails, but no integration that sends them is enabled. Enable one, or choose System."
        )


def _names(request: HttpRequest) -> str:
    senders = with_duty(DUTY)
    mine = Connection.objects.visible_to(request.user).values("pk")
    names = [f"“{name}”" for name in senders.filter(pk__in=mine).values_list("name", flat=True)]
    if hidden := senders.count() - len(names):
        text = ngettext("%(number)s other connection", "%(number)s other connections", hidden)
        names.append(text % {"number": hidden})
    return ", ".join(names)
