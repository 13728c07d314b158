"""The form of a calculated attribute: told, or calculated from events. Then its type follows by itself."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from integrations.sources.cdp import calculations
from integrations.sources.cdp.admin.definition_form import NAME_HELP, WIDGETS, DefinitionForm
from integrations.sources.cdp.conditions import Catalogue, ConditionError
from integrations.sources.cdp.conditions.grammar import LONGEST_DAYS
from integrations.sources.cdp.models import Attribute
from integrations.sources.cdp.models.attributes import Aggregate
from integrations.sources.cdp.models.people import Kind

EVENTS, TOLD = "events", "told"
SOURCES = [(EVENTS, _("Calculated from what the person did")), (TOLD, _("Told: import or API"))]
# Of these the field may be left out: then it is the time of the event.
OF_TIME = (Aggregate.FIRST, Aggregate.LAST)


class AttributeForm(DefinitionForm):
    source = forms.ChoiceField(label=_("Values"), choices=SOURCES, widget=forms.RadioSelect, initial=EVENTS)
    field = forms.ChoiceField(
        label=_("Of the field"), required=False, widget=UnfoldAdminSelectWidget({"data-groups-of": "event_type"})
    )
    within_days = forms.IntegerField(
        label=_("Within days"),
        required=False,
        min_value=1,
        max_value=LONGEST_DAYS,
        widget=UnfoldAdminIntegerFieldWidget(attrs={"min": 1, "max": LONGEST_DAYS}),
        help_text=Attribute._meta.get_field("within_days").help_text,
    )

    class Meta:
        model = Attribute
        fields = ("name", "description", "event_type", "aggregate", "field", "within_days", "kind")
        widgets = {
            **WIDGETS,
            "event_type": UnfoldAdminSelectWidget,
            "aggregate": UnfoldAdminSelectWidget,
            "kind": UnfoldAdminSelectWidget,
        }
        help_texts = {"name": NAME_HELP}

    def __init__(self, *args: Any, known: Catalogue, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = known
        self.fields["kind"].required = False
        if self.instance.pk:
            self.initial["source"] = TOLD if calculations.is_told(self.instance) else EVENTS
        else:
            self.initial["aggregate"] = Aggregate.COUNT
        choices: list[Any] = [("", _("The time of the event (First value, Last value)"))]
        choices += [(key, [(name, name) for name in event.fields]) for key, event in known.events.items()]
        present = self.initial.get("field")
        if present and not any(present in event.fields for event in known.events.values()):
            choices.append((present, _now("%(name)s (does not exist any more)") % {"name": present}))
        self.fields["field"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("source") == TOLD:
            cleaned |= {"event_type": None, "aggregate": "", "field": "", "within_days": None}
            if not cleaned.get("kind"):
                self.add_error("kind", _("Choose a type."))
        elif not self.errors:
            self._clean_calculation(cleaned)
        return cleaned

    def _clean_calculation(self, cleaned: dict[str, Any]) -> None:
        event_type, aggregate = cleaned.get("event_type"), cleaned.get("aggregate")
        if event_type is None:
            self.add_error("event_type", _("Choose the events it is calculated from."))
        if not aggregate:
            self.add_error("aggregate", _("Choose a calculation."))
        if event_type is None or not aggregate:
            return
        if aggregate == Aggregate.COUNT:
            cleaned["field"] = ""
        cleaned["kind"] = self._kind(event_type.key, aggregate, cleaned["field"])
        made = Attribute(
            **{name: cleaned[name] for name in ("event_type", "aggregate", "field", "within_days", "kind")}
        )
        try:
            calculations.check(made, self.known)
        except ConditionError as error:
            self.add_error("field" if aggregate != Aggregate.COUNT else "event_type", str(error))

    def _kind(self, event: str, aggregate: str, field: str) -> str:
        """A count, sum or average is a number; any other value is what its field is."""
        if aggregate in calculations.NUMBERS:
            return Kind.NUMBER
        if not field and aggregate in OF_TIME:
            return Kind.DATE
        return self.known.events[event].fields.get(field, Kind.TEXT)
