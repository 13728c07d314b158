"""Deleting customers: everything the portal knows of them goes, history and the admin's own log included."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from integrations.sources.loyalty.accounts import lock
from integrations.sources.loyalty.models import Customer


def delete_customers(customer_ids: Collection[int]) -> int:
    """Delete those of these customers that exist; how many. That somebody was deleted stays in the log, nameless."""
    ids = list(customer_ids)
    entries = LogEntry.objects.filter(content_type=content_type(), object_id__in=map(str, ids))
    with transaction.atomic():
        lock(ids)
        number = Customer.objects.filter(pk__in=ids).count()
        entries.exclude(action_flag=DELETION).delete()
        Customer.objects.filter(pk__in=ids).delete()
        Customer.history.filter(id__in=ids).delete()
    return number


def content_type() -> ContentType:
    return ContentType.objects.get_for_model(Customer)
