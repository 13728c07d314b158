"""User fields: defined here, set on each user's page; Connector Access by user goes by them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import UserChangeForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from integrations.core.admin.history import HistoryPages
from integrations.core.models import Connection, UserField, UserFieldValue


@admin.register(UserField)
class UserFieldAdmin(HistoryPages, ModelAdmin):  # type: ignore[misc]
    list_display = ("name", "description")
    search_fields = ("name",)
    show_full_result_count = False
    actions = None

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[Any], list[Any]]:
        """Not while it decides who has access to something: nobody but administrators would have, then."""
        deciding = Connection.objects.installed().filter(access_field__in=objs).order_by("name")
        deleted, counts, missing, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, missing, [*protected, *map(str, deciding)]


class FieldsOfUserForm(UserChangeForm):  # type: ignore[misc]
    """A user's own page, with their user fields."""

    user_fields = forms.ModelMultipleChoiceField(
        UserField.objects.order_by("name"),
        required=False,
        label=_("User fields"),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("Ticked is Yes. Connections can be opened to users by these fields (Connector Access)."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["user_fields"] = UserField.objects.filter(values__user=self.instance.pk)


def set_values(user: User, chosen: Any, by: Any) -> None:
    """Row by row, so that each has its history."""
    before = {value.field_id: value for value in UserFieldValue.objects.filter(user=user)}
    for field in chosen:
        if before.pop(field.pk, None) is None:
            value = UserFieldValue(field=field, user=user)
            value._history_user = by  # type: ignore[attr-defined]  # simple-history reads it
            value.save()
    for value in before.values():
        value._history_user = by  # type: ignore[attr-defined]  # simple-history reads it
        value.delete()
