"""The form of the activation's four steps; what is attached is chosen beside the model's own fields."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget

from integrations.connectors.heyloyalty.attached import fields_of
from integrations.connectors.heyloyalty.list_address import list_number
from integrations.connectors.heyloyalty.models import AttachedField
from integrations.core.forms import SettingsForm
from integrations.sources.cdp.models import Attribute, Audience, IdentifierType

AUDIENCES, ATTRIBUTES = "audiences", "attributes"
NO_NUMBER = _(
    "No List ID is found in this. Open the list in Heyloyalty, and copy the number in its address, or all of it."
)
LEAVE, EMPTY, LABEL = "leave", "empty", "label"
AFTER_DETACHING = (
    (LEAVE, _("Leave it as it is: members keep what stands in it")),
    (EMPTY, _("Empty it for all members")),
    (LABEL, _("Set its label, so that everybody sees that it isn't filled any more")),
)


class Picker(forms.CheckboxSelectMultiple):
    """A button that opens a list to tick, with Apply below it."""

    template_name = "admin/heyloyalty/picker.html"

    def __init__(self, button: Any, nothing: Any) -> None:
        super().__init__()
        self.button, self.nothing = button, nothing

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["widget"] |= {"button": self.button, "nothing": self.nothing}
        return context


PICKERS = {
    AUDIENCES: (Audience, _("Audiences"), _("Select audiences"), _("There is no audience yet.")),
    ATTRIBUTES: (
        Attribute,
        _("Calculated attributes"),
        _("Select calculated attributes"),
        _("There is no calculated attribute yet."),
    ),
}


def question_of(row: AttachedField) -> str:
    """The name of the form field that asks what happens to the list's field."""
    return f"detach_{row.pk}"


class ActivationForm(SettingsForm):
    address_fields = ("api_address",)
    # Set by the admin for one request: whether this is the step that attaches, and what its POST detaches.
    attaches: ClassVar[bool] = False
    detaching: ClassVar[list[AttachedField]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "list_id" in self.fields:
            self.fields["list_id"].validators = []
            self.fields["list_id"].widget = UnfoldAdminTextInputWidget(attrs={"data-list-id": "", "inputmode": "url"})
        if "identifier_type" in self.fields:
            self._offer_identifiers()
        if self.attaches:
            self._offer_subjects()

    def _offer_identifiers(self) -> None:
        """Those that are active, and the present one."""
        types: Any = self.fields["identifier_type"]
        present = self.instance.identifier_type_id
        types.queryset = IdentifierType.objects.filter(active=True) | IdentifierType.objects.filter(pk=present)
        types.empty_label = None
        if present is None:
            self.initial.setdefault("identifier_type", IdentifierType.objects.filter(key="email").first())

    def _offer_subjects(self) -> None:
        rows = fields_of(self.instance.pk)
        chosen = {
            AUDIENCES: [row.audience_id for row in rows if row.audience_id],
            ATTRIBUTES: [row.attribute_id for row in rows if row.attribute_id],
        }
        for name, (model, label, button, nothing) in PICKERS.items():
            self.fields[name] = forms.ModelMultipleChoiceField(
                model._default_manager.order_by("name"), required=False, label=label, widget=Picker(button, nothing)
            )
            self.initial[name] = chosen[name]
        for row in self.detaching:
            self.fields[question_of(row)] = forms.ChoiceField(
                choices=AFTER_DETACHING,
                label=_now("The field of “%(name)s”") % {"name": row.label},
                widget=UnfoldAdminRadioSelectWidget(),
                error_messages={"required": _("You detach it: choose what happens to its field, then save again.")},
            )

    def clean_list_id(self) -> str:
        typed: str = self.cleaned_data["list_id"].strip()
        if typed and not (number := list_number(typed)):
            raise ValidationError(NO_NUMBER)
        return number if typed else ""

    def subjects(self) -> list[Audience | Attribute]:
        return [*self.cleaned_data[AUDIENCES], *self.cleaned_data[ATTRIBUTES]]
