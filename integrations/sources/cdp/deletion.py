"""Deleting persons: everything known of them goes; those who listen hear that they left."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from integrations.sources.cdp.merging import leave_everything
from integrations.sources.cdp.models import Person
from integrations.sources.cdp.recalculation import lock_everything
from integrations.sources.cdp.unify import lock


def delete_persons(person_ids: Collection[int]) -> int:
    """Delete those of these persons that exist; how many. Identifiers are still there while listeners are told."""
    with transaction.atomic():
        found = lock(person_ids)
        if found:
            lock_everything()
            leave_everything(found, timezone.now())
            Person.objects.filter(pk__in=found).delete()
    return len(found)
