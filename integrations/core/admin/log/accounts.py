"""Users and roles in this portal's look; django-q2's own pages closed.

Its admin sends old tasks again, successful ones included, and deletes failures: Retry is the log's.
"""

from __future__ import annotations

from typing import Any

import django_q.admin  # noqa: F401 – registered now, so that nothing registers it after us
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django_q.models import Failure, OrmQ, Schedule, Success
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserCreationForm

from integrations.core.admin.user_fields import FieldsOfUserForm, set_values

for model in (Failure, OrmQ, Schedule, Success, User, Group):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(User)
class PortalUserAdmin(UserAdmin, ModelAdmin):  # type: ignore[misc,type-arg]
    form = FieldsOfUserForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if obj is None else (*fieldsets, (_("Connector Access"), {"fields": ("user_fields",)}))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if "user_fields" in form.cleaned_data:
            set_values(form.instance, form.cleaned_data["user_fields"], request.user)


@admin.register(Group)
class RoleAdmin(GroupAdmin, ModelAdmin):  # type: ignore[misc]
    pass
