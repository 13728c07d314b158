"""Deleting a customer: everything the portal knows of the person goes, except that somebody was deleted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.admin.models import DELETION, LogEntry
from django.http import HttpRequest
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from integrations.sources.loyalty.deletion import content_type, delete_customers
from integrations.sources.loyalty.models import Customer


class CustomerDeletion(ModelAdmin):  # type: ignore[misc]
    """Part of CustomerAdmin."""

    delete_confirmation_template = "admin/loyalty/customer_delete.html"

    def delete_model(self, request: HttpRequest, obj: Customer) -> None:
        # The entry of the deletion itself, written before, names nobody.
        delete_customers([obj.pk])

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Customer]) -> Any:
        for customer in queryset:
            LogEntry.objects.create(
                user_id=request.user.pk or 0,
                content_type=content_type(),
                object_id=str(customer.pk),
                object_repr=f"{_('Customer')} {customer.pk}",
                action_flag=DELETION,
            )

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[Any], list[Any]]:
        """Named, not listed: an account may have thousands of movements. Who may delete customers may delete those."""
        return [str(obj) for obj in objs], {str(self.opts.verbose_name_plural): len(objs)}, set(), []
