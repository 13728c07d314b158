"""Reading an audience as a whole: who is on Raptor's pages is in it, everybody else leaves. Only differences are
written.

Each page commits with the position after it. Everybody on a page is noted as told at the time the reading describes;
afterwards those members leave who weren't told anything at that time or later.
"""

from __future__ import annotations

import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from integrations.core.errors import RecordError
from integrations.sources.cdp import membership, unify
from integrations.sources.cdp.models import Membership, ToldMembership
from integrations.sources.cdp.raptor.models import RaptorCursor
from integrations.sources.cdp.raptor.positions import Pass, hold, keep, tell
from integrations.sources.cdp.times import keep_times

# Members who are looked at in one transaction, after the last page.
SLICE = 500
# Of two changes at the same moment the later one counts; a reading comes after what Raptor calculated last.
AFTER = datetime.timedelta(microseconds=1)


def read_whole(now: Pass, cursor: RaptorCursor, at: datetime.datetime) -> None:
    """Go on with a reading, or begin one that describes the time `at`. Raises SyncError, OutOfTime and Overtaken."""
    if cursor.reading_at is None:
        with transaction.atomic():
            hold(cursor)
            keep(cursor, reading_at=at + AFTER, reading_page="", reading_after=None, sequence=None)
    while cursor.reading_after is None:
        now.check_time()
        _read_page(now, cursor)
    while _let_leave(cursor):
        now.check_time()


def begin_again(cursor: RaptorCursor) -> None:
    """The changes since its position are gone at Raptor."""
    with transaction.atomic():
        hold(cursor)
        keep(cursor, sequence=None, reading_at=None, reading_page="", reading_after=None)


def _read_page(now: Pass, cursor: RaptorCursor) -> None:
    first = not cursor.reading_page
    try:
        page = now.client.membership(cursor.external_id, cursor.reading_page)
    except RecordError:
        if not first:
            # The address of a page may not work for ever.
            begin_again(cursor)
        raise
    with transaction.atomic():
        hold(cursor)
        values = [one.get(now.identifier) if isinstance(one, dict) else None for one in page.profiles]
        tell(cursor, now.identifier, [(value, True, cursor.reading_at) for value in values])
        keep(
            cursor,
            # Changes from then on come after what any page says.
            reading_sequence=page.sequence if first else cursor.reading_sequence,
            reading_page=page.next or "",
            reading_after=None if page.next else 0,
        )


@transaction.atomic
def _let_leave(cursor: RaptorCursor) -> bool:
    """A slice of those who were on no page; False after the last, when the cursor stands where changes go on."""
    hold(cursor)
    found = list(_unlisted(cursor).order_by("person_id").values_list("person_id", flat=True)[:SLICE])
    if not found:
        keep(
            cursor,
            sequence=cursor.reading_sequence,
            reading_at=None,
            reading_page="",
            reading_after=None,
            reading_sequence=None,
            read_at=timezone.now(),
        )
        return False
    people = unify.lock(found)
    audiences = membership.lock([cursor.audience_id])
    # What was told of them while this waited for their locks counts.
    leaving = list(_unlisted(cursor).filter(person_id__among=list(people)).values_list("person_id", flat=True))
    if audiences and cursor.reading_at is not None:
        membership.change(audiences[cursor.audience_id], (), leaving, timezone.now())
        told = {(cursor.audience_id, pk): cursor.reading_at for pk in leaving}
        keep_times(ToldMembership, "audience_id", told)
    keep(cursor, reading_after=found[-1])
    return True


def _unlisted(cursor: RaptorCursor) -> QuerySet[Membership]:
    told = ToldMembership.objects.filter(
        audience_id=cursor.audience_id, person_id=OuterRef("person_id"), at__gte=cursor.reading_at
    )
    members = Membership.objects.filter(audience_id=cursor.audience_id, person_id__gt=cursor.reading_after or 0)
    return members.filter(~Exists(told))
