"""The dialog Fetch data from FlexPOS: six choices, prefilled from the settings, for one import only."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from integrations.connectors.flexpos.initial_import import Choices, OrderData, earliest, span_problem, today
from integrations.connectors.flexpos.models import FlexPOSConnection

YES, NO = "yes", "no"
YES_NO = [(YES, _("Yes")), (NO, _("No"))]
SWITCHES = ("members", "unsubscribed", "opt_in", "automations")
LOOK = {"class": "set-input"}


def day(label: Any, help_text: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={**LOOK, "type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, help_text=help_text, widget=widget)


def choice(label: Any, choices: Any, help_text: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, help_text=help_text, widget=forms.Select(attrs=LOOK))


class ChoicesForm(forms.Form):
    """`choices()` once it is valid. Without a Tracking ID (`tracked`) order data has nowhere to go."""

    first = day(_("Date span: from"), _("The first day, by the till's clock. FlexPOS keeps data for one year."))
    last = day(_("Date span: to"), _("The last day; it is fetched, too."))
    orders = choice(
        _("Fetch order data"),
        OrderData.choices,
        _("Purchases (journals) and bookings (tickets) for the activity feed of the list."),
    )
    members = choice(_("Fetch members"), YES_NO, _("Customers changed in the date span become members of the list."))
    unsubscribed = choice(
        _("Previously unsubscribed members"),
        [(YES, _("Create")), (NO, _("Do not create"))],
        _("Whether those who unsubscribed from the list before become members again. They did not ask for it."),
    )
    opt_in = choice(
        _("Send opt-in message"),
        YES_NO,
        _("Whether new members must confirm by a mail before they are on the list. Takes one call a member."),
    )
    automations = choice(
        _("Send automations"),
        YES_NO,
        _("Whether welcome mails and other automations are sent to those who are created or updated."),
    )

    def __init__(self, *args: Any, tracked: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tracked = tracked

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        orders = cleaned.get("orders", OrderData.NONE)
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and (problem := span_problem(first, last, timezone.now())):
            self.add_error(None, problem)
        if cleaned.get("members") == NO and orders == OrderData.NONE:
            self.add_error("members", _now("There is nothing to fetch: choose members, order data, or both."))
        if orders != OrderData.NONE and not self.tracked:
            self.add_error("orders", _now("Enter the Tracking ID under Settings first, or fetch no order data."))
        return cleaned

    def choices(self) -> Choices:
        switches = {name: self.cleaned_data[name] == YES for name in SWITCHES}
        return Choices(self.cleaned_data["first"], self.cleaned_data["last"], self.cleaned_data["orders"], **switches)


def prefilled(connection: FlexPOSConnection, now: datetime.datetime) -> dict[str, Any]:
    """What the dialog opens with: the whole year, as the settings have it; no mail unless somebody asks for it."""
    orders = OrderData.BOTH if connection.tracking_id else OrderData.NONE
    settings = Choices(
        earliest(now),
        today(now),
        orders,
        unsubscribed=connection.reimport_unsubscribed,
        automations=connection.send_automations,
    )
    return as_fields(settings)


def as_fields(choices: Choices) -> dict[str, Any]:
    """The form's values for these choices."""
    switches = {name: YES if getattr(choices, name) else NO for name in SWITCHES}
    return {"first": choices.first, "last": choices.last, "orders": choices.orders, **switches}


def in_words(choices: Choices) -> list[tuple[Any, Any]]:
    """(label, what was chosen) for the pages after the dialog."""
    fields, values = ChoicesForm.base_fields, as_fields(choices)
    chosen = []
    for name, field in fields.items():
        if isinstance(field, forms.ChoiceField):
            words: dict[Any, Any] = dict(field.widget.choices)
            chosen.append((field.label, words[values[name]]))
    return [(_("Date span"), f"{choices.first.isoformat()} – {choices.last.isoformat()}"), *chosen]
