"""Audiences that Raptor doesn't list any more: deleted there, or only detached from the activation?

Asked for its persons, Raptor still knows one that is detached. Only its own “Audience not found”, after it took the
key, listed the activation's audiences and gave one that can be read, means deleted: any other 404 may be a wrong
address.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection

from django.db.models import Q, QuerySet
from django.utils import timezone

from integrations.sources.cdp.models import Audience
from integrations.sources.cdp.raptor import naming
from integrations.sources.cdp.raptor.client import NotFound
from integrations.sources.cdp.raptor.models import RaptorCursor
from integrations.sources.cdp.raptor.positions import Pass, keep

# One that is detached is asked for so seldom: it may be deleted later.
AGAIN = datetime.timedelta(hours=1)


def look(now: Pass, listed: Collection[str]) -> None:
    """Delete those that Raptor deleted, as its push does. Raises SyncError for what says neither: they stay."""
    for cursor in _unlisted(listed, timezone.now()):
        now.check_time()
        try:
            now.client.membership(cursor.external_id)
        except NotFound as error:
            if error.of_audience:
                _delete(cursor)
            else:
                keep(cursor, attached=False, read_at=timezone.now(), problem=error.message)
        else:
            keep(cursor, attached=False, read_at=timezone.now(), problem="")


def _unlisted(listed: Collection[str], now: datetime.datetime) -> QuerySet[RaptorCursor]:
    """Those that are still here. What was not read since the settings name another account or activation is left
    alone: that one never had it."""
    here = Audience.objects.exclude(external_id=None).values("external_id")
    cursors = RaptorCursor.objects.filter(external_id__in=here, sequence__isnull=False).exclude(external_id__in=listed)
    return cursors.filter(Q(attached=True) | Q(read_at=None) | Q(read_at__lt=now - AGAIN)).order_by("pk")


def _delete(cursor: RaptorCursor) -> None:
    audience = Audience.objects.filter(external_id=cursor.external_id).first()
    name = audience.name if audience else ""
    if naming.delete_audience(cursor.external_id, name, timezone.now()) is not False:
        keep(cursor, attached=False, problem="")
