"""Whom to look for, and the word that makes an erasure certain."""

from __future__ import annotations

from typing import Any

import phonenumbers
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from integrations.core.engine.erase import digest
from integrations.core.persons.person import LONGEST

NOT_REMEMBERED = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}


def which_country() -> str:
    """What becomes of a phone number without a country code."""
    if code := phonenumbers.country_code_for_region(settings.PHONE_COUNTRY):
        return gettext("A phone number without a country code is taken for one of +%(code)s.") % {"code": code}
    return gettext("Type a phone number with its country code, like +45 20 11 22 33.")


class FindForm(forms.Form):
    term = forms.CharField(
        label=_("E-mail, phone number or id"),
        max_length=LONGEST,
        widget=UnfoldAdminTextInputWidget(attrs={**NOT_REMEMBERED, "type": "search", "autofocus": True}),
        help_text=_(
            "The whole e-mail address, the phone number in any spelling, or the id the record has in a connected "
            "system."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["term"]
        field.help_text = f"{field.help_text} {which_country()}"

    def clean_term(self) -> str:
        term: str = self.cleaned_data["term"].replace("\0", "").strip()
        if not term:
            raise ValidationError(_("Type whom to look for."))
        return term


class EraseForm(forms.Form):
    typed = forms.CharField(
        label=_("Type the e-mail address, phone number or id once more"),
        max_length=LONGEST,
        widget=UnfoldAdminTextInputWidget(attrs=NOT_REMEMBERED),
        help_text=_("Exactly whom you searched for: so that nobody else is erased by mistake."),
    )

    def __init__(self, term: str, data: Any = None) -> None:
        super().__init__(data, auto_id="erase-%s", label_suffix="")
        self.term = term

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if digest(typed) != digest(self.term):
            raise ValidationError(_("This is not whom you searched for. Nothing was erased."))
        return typed
