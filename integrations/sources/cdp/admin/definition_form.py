"""What the forms of audiences and of calculated attributes have in common."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

NAME_HELP = _(
    "Receivers show it. Letters, digits and spaces are safe everywhere; Æ, Ø, Å and punctuation may look different in"
    " some of them."
)
WIDGETS = {"name": UnfoldAdminTextInputWidget, "description": UnfoldAdminTextareaWidget({"rows": 2})}
CHANGED = _(
    "%(who)s has changed this while your page was open. What you see is yours: press Save again to save it over the"
    " other change, or Cancel to look at that first."
)


class DefinitionForm(forms.ModelForm):  # type: ignore[type-arg]
    """`version`: the last change that the page, when it was opened, knew of."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.newest = self.instance.history.select_related("history_user").first() if self.instance.pk else None
        self.initial["version"] = self.newest.pk if self.newest else None

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.newest and cleaned.get("version") != self.newest.pk:
            who = self.newest.history_user.get_username() if self.newest.history_user else _("Somebody")
            self.replace("version", self.newest.pk)
            self.add_error(None, CHANGED % {"who": who})
        return cleaned

    def replace(self, name: str, value: Any) -> None:
        """What stands in a field when the form is shown again."""
        self.data = {**self.data, self.add_prefix(name): value}
