"""The forms of a customer's page. They check what was typed; the bulk verbs decide, and their sentences land here."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminEmailInputWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from integrations.core.batch import RowResult
from integrations.core.forms import SecretInput
from integrations.sources.loyalty.batch import CustomerRow, MovementRow
from integrations.sources.loyalty.models import Customer, Movement, Reason, email_key_of

REASONS = [("", _("Order, or spending below 0")), *(choice for choice in Reason.choices if choice[0] != Reason.EXPIRY)]
DIGITS = 4


def new_pin() -> str:
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


class RefusableForm(forms.BaseForm):
    """A form whose row may still be refused when it is written."""

    def refuse(self, result: RowResult) -> None:
        """Show why, at the field if this form has it."""
        self.add_error(result.field if result.field in self.fields else None, result.message)


class CustomerForm(forms.ModelForm, RefusableForm):  # type: ignore[type-arg]
    """Data of a customer, without the PIN."""

    class Meta:
        model = Customer
        fields = ("email", "external_id", "first_name", "last_name", "registered")
        widgets = {
            "email": UnfoldAdminEmailInputWidget,
            "external_id": UnfoldAdminTextInputWidget,
            "first_name": UnfoldAdminTextInputWidget,
            "last_name": UnfoldAdminTextInputWidget,
            "registered": UnfoldBooleanWidget,
        }
        help_texts = {"registered": _("Who becomes registered loses the PIN.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            # What somebody else changed while this page was open is not changed back.
            field.show_hidden_initial = bool(self.instance.pk)

    def clean_email(self) -> str:
        """A row would find the customer by the e-mail and change it: here a new one is wanted."""
        email: str = self.cleaned_data["email"]
        if not self.instance.pk and email and Customer.objects.filter(email_key=email_key_of(email)).exists():
            raise ValidationError(_("Another customer has this e-mail address."))
        return email

    def clean_external_id(self) -> str | None:
        external_id: str | None = self.cleaned_data["external_id"]
        if "external_id" in self.changed_data and self.instance.external_id and not external_id:
            raise ValidationError(_("An own id can be replaced, but not taken away."))
        return external_id

    def row(self) -> CustomerRow:
        """What was changed, for `save_customers`."""
        changed = {name: self.cleaned_data[name] for name in self.changed_data}
        return CustomerRow(id=self.instance.pk, **changed)


class PinForm(forms.Form, RefusableForm):
    """A PIN, typed in or (button “Make a new PIN”) made by the portal."""

    pin = forms.CharField(
        label=_("New PIN"),
        required=False,
        widget=SecretInput,
        help_text=_("4 to 12 digits or letters."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if "make" in self.data:
            return {"pin": new_pin()}
        if not cleaned.get("pin"):
            self.add_error("pin", _("Type a PIN, or press Make a new PIN."))
        return cleaned


class MovementForm(forms.Form, RefusableForm):
    """Points that are earned, or (below 0) spent, now."""

    value = forms.IntegerField(
        label=_("Points"),
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("Below 0 when they are spent."),
    )
    reason = forms.ChoiceField(label=_("Reason"), choices=REASONS, required=False, widget=UnfoldAdminSelectWidget)
    expires_on = forms.DateField(
        label=_("Expires on"),
        required=False,
        input_formats=["%Y-%m-%d"],
        help_text=Movement._meta.get_field("expires_on").help_text,
    )
    # Pressing the button twice records one movement.
    external_id = forms.CharField(widget=forms.HiddenInput, max_length=100)

    def __init__(self, data: Any = None, *, auto_id: str) -> None:
        super().__init__(data, auto_id=auto_id, initial={"external_id": f"portal-{uuid.uuid4()}"})
        day = UnfoldAdminTextInputWidget()
        day.input_type = "date"
        self.fields["expires_on"].widget = day

    def row(self, customer_id: int) -> MovementRow:
        return MovementRow(customer_id=customer_id, **self.cleaned_data)
