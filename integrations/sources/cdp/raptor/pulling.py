"""Every minute: which audiences are attached, and what changed in each since its sequence number."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterable

from cryptography.fernet import InvalidToken
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.core.batch import Refused
from integrations.core.errors import ConfigurationError, NotSent, RecordError, SyncError, TemporaryError, Throttled
from integrations.core.http.ratelimit import in_lane
from integrations.sources.cdp.models import Audience
from integrations.sources.cdp.raptor import naming, standing, vanished
from integrations.sources.cdp.raptor.client import PAGE, Expired, Listed, RaptorClient, whole
from integrations.sources.cdp.raptor.models import RaptorCursor, RaptorKind, RaptorSettings
from integrations.sources.cdp.raptor.positions import OutOfTime, Overtaken, Pass, Told, hold, keep, note_refusals, tell
from integrations.sources.cdp.raptor.reading import MOVES, time_of
from integrations.sources.cdp.raptor.whole import begin_again, read_whole

# Seconds of work; what is left is done in the next minute.
BUDGET = 45.0
UNREADABLE = gettext_lazy("The saved API key can't be read any more. Enter it again.")


def pull() -> None:
    """One pass, unless another worker is at it, it is switched off, or it waits for something."""
    settings = RaptorSettings.load()
    if not settings.pull or not standing.claim():
        return
    try:
        deadline = time.monotonic() + BUDGET
        with client_of(settings) as client, in_lane(urgent=False, deadline=deadline):
            key = settings.identifier.key if settings.identifier else ""
            _follow(Pass(client, key, deadline), settings.activation_id)
    except (OutOfTime, Overtaken, NotSent):
        standing.went_well()
    except (ConfigurationError, InvalidToken) as error:
        standing.stop(settings, str(UNREADABLE) if isinstance(error, InvalidToken) else str(error))
    except SyncError as error:
        standing.put_off(error)
    else:
        standing.went_well()
    finally:
        standing.release()


def client_of(settings: RaptorSettings) -> RaptorClient:
    """Raises ConfigurationError for what is missing, InvalidToken for a key that can't be decrypted."""
    if not settings.api_key:
        raise ConfigurationError(_("No API key is saved. Enter it."))
    if not settings.activation_id or settings.identifier is None:
        raise ConfigurationError(_("Enter the Activation ID, and choose the person identifier."))
    return RaptorClient(settings.base_url, settings.header_name, settings.api_key)


def _follow(now: Pass, activation_id: str) -> None:
    listed = {one.id: one for one in now.client.audiences(activation_id)}
    later: TemporaryError | None = None
    cursors, well = _cursors(listed), 0
    for cursor in cursors:
        now.check_time()
        try:
            _read(now, cursor, listed[cursor.external_id])
        except (NotSent, Throttled):
            raise
        except (RecordError, TemporaryError) as error:
            # One audience that can't be read holds up no other.
            keep(cursor, problem=error.message)
            later = error if isinstance(error, TemporaryError) else later
        else:
            keep(cursor, problem="", read_at=timezone.now())
            well += 1
    if well or not cursors:
        vanished.look(now, listed)
    if later is not None:
        raise later


def _cursors(listed: dict[str, Listed]) -> list[RaptorCursor]:
    """Those of the attached audiences, which are there by now; the one that was read longest ago first."""
    now = timezone.now()
    sightings = list(_sightings(listed.values(), now))
    gone = naming.keep(sightings)
    ids = [one.external_id for one in sightings if one.key not in gone]
    audiences = dict(Audience.objects.filter(external_id__in=ids).values_list("external_id", "pk"))
    known = {cursor.external_id: cursor for cursor in RaptorCursor.objects.filter(external_id__in=ids)}
    RaptorCursor.objects.filter(external_id__in=[name for _, name in gone], attached=True).update(attached=False)
    found = [_cursor(known.get(external_id or ""), external_id or "", pk) for external_id, pk in audiences.items()]
    return sorted(found, key=lambda one: (one.read_at or datetime.datetime.min.replace(tzinfo=datetime.UTC), one.pk))


def _cursor(known: RaptorCursor | None, external_id: str, audience_id: int) -> RaptorCursor:
    """As it stands. Of an audience that was deleted here and made anew nothing is known any more."""
    if known is not None and known.audience_id == audience_id and known.attached:
        return known
    if known is None or known.audience_id != audience_id:
        known = RaptorCursor(pk=known.pk if known else None, external_id=external_id, audience_id=audience_id)
    known.attached = True
    known.save()
    return known


def _sightings(listed: Iterable[Listed], now: datetime.datetime) -> Iterable[naming.Sighting]:
    for one in listed:
        try:
            external_id = naming.id_of(one.id)
        except Refused:
            continue
        at = min(one.calculated or now, now)
        yield naming.Sighting(RaptorKind.AUDIENCE, external_id, one.name, at, description=one.description)


def _read(now: Pass, cursor: RaptorCursor, listed: Listed) -> None:
    try:
        _read_on(now, cursor, listed)
    except Expired:
        begin_again(cursor)
        _read_on(now, cursor, listed)


def _read_on(now: Pass, cursor: RaptorCursor, listed: Listed) -> None:
    if cursor.sequence is None:
        today = timezone.now()
        read_whole(now, cursor, min(listed.calculated or today, today))
    while _read_changes(now, cursor):
        now.check_time()


def _read_changes(now: Pass, cursor: RaptorCursor) -> bool:
    """A page of changes; False when there are no more by now."""
    since = cursor.sequence or 0
    found = now.client.changes(now.identifier, cursor.external_id, since)
    if found.sequence < since:
        raise Expired(_("Raptor counts from the beginning again."))
    if found.sequence == since:
        return False
    told, reasons = _told(found.changes, cursor.external_id)
    with transaction.atomic():
        hold(cursor)
        tell(cursor, now.identifier, told)
        note_refusals(cursor, reasons)
        keep(cursor, sequence=found.sequence)
    return len(found.changes) >= PAGE


def _told(changes: list[object], audience_id: str) -> tuple[list[Told], list[str]]:
    """What the changes say, in their order; and why some make no sense."""
    told: list[Told] = []
    reasons: list[str] = []
    numbered = [one for one in changes if isinstance(one, dict)]
    for one in sorted(numbered, key=lambda one: whole(one.get("sequenceNumber")) or 0):
        try:
            move = one.get("change")
            if one.get("audienceId", audience_id) != audience_id or not isinstance(move, str) or move not in MOVES:
                raise Refused("change", _("A change of another audience, or one that is neither entered nor left."))
            told.append((one.get("identifierValue"), MOVES[move], time_of(one.get("at"))))
        except Refused as refused:
            reasons.append(refused.message)
    return told, reasons + [_("A change that is no JSON object.")] * (len(changes) - len(numbered))
