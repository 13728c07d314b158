"""The form of an audience. What can't be saved comes back as it was typed, each condition with its own sentence."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from integrations.sources.cdp.admin.builder import BLANK, UnreadableState, errors_of, read_state
from integrations.sources.cdp.admin.definition_form import NAME_HELP, WIDGETS, DefinitionForm
from integrations.sources.cdp.conditions import Catalogue
from integrations.sources.cdp.models import Audience
from integrations.sources.cdp.models.audiences import AudienceKind, nobody


class AudienceForm(DefinitionForm):
    """`condition_errors`: sentences by place, as builder.py counts them. How membership comes about stays as it is."""

    condition = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Audience
        fields = ("name", "description", "kind")
        widgets = {**WIDGETS, "kind": forms.RadioSelect}
        help_texts = {"name": NAME_HELP}

    def __init__(self, *args: Any, known: Catalogue, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = known
        self.state: dict[str, Any] = self.instance.condition if self.instance.pk else BLANK
        self.condition_errors: dict[str, str] = {}
        if self.instance.pk:
            del self.fields["kind"]
            if self.instance.kind == AudienceKind.CONDITIONS:
                self.condition_errors = errors_of(self.state, known)
        self.initial["condition"] = json.dumps(self.state)

    def clean_condition(self) -> str:
        """Read before anything is checked: a page is shown from `state`."""
        text: str = self.cleaned_data["condition"]
        try:
            self.state = read_state(text)
        except UnreadableState:
            self.replace("condition", self.initial["condition"])
            raise ValidationError(_("The conditions could not be read. They stand here as they were saved.")) from None
        return text

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        by_conditions = cleaned.get("kind", self.instance.kind) == AudienceKind.CONDITIONS
        self.condition_errors = errors_of(self.state, self.known) if by_conditions else {}
        if self.condition_errors and "condition" not in self.errors:
            self.add_error("condition", _("Some conditions are not complete: each says what is missing."))
        cleaned["condition"] = self.state if by_conditions else nobody()
        return cleaned
