"""How a source learns of changes on each side, and how old its oldest look is, as its page says it."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from integrations.connectors.contactsend import collect_hub, collect_send
from integrations.connectors.contactsend.jobs import FROM_HUB, FROM_SEND
from integrations.connectors.contactsend.models import ContactsendConnection
from integrations.core.models import Cursor


def found_by(connection: ContactsendConnection) -> list[str]:
    """A sentence for each side."""
    cursors = dict(Cursor.objects.filter(connection_id=connection.pk).values_list("job", "value"))
    return [_hub(cursors.get(FROM_HUB, {})), *_send(connection, cursors.get(FROM_SEND, {}))]


def _hub(cursor: dict[str, Any]) -> str:
    if collect_hub.OFFSET in cursor:
        return _("In Contacthub: by its update stream.")
    if collect_hub.SINCE in cursor:
        return _(
            "In Contacthub: by listing who was updated, because the token may not read the update stream. A change "
            "then takes up to a minute and a half, and deletions aren't noticed."
        )
    return _(
        "In Contacthub: by its update stream, or by listing where the token may not read that. Known once it runs."
    )


def _send(connection: ContactsendConnection, cursor: dict[str, Any]) -> list[str]:
    field = connection.last_modified_field
    walked = collect_send.NUMBER in cursor
    if field and not walked:
        return [_("In Contactsend: by the field %(field)s.") % {"field": field}]
    texts = [_("In Contactsend: by looking through the whole userdb, again and again.")]
    if field:
        text = _("This service can't search by %(field)s.")
        texts.append(text % {"field": field})
    if walked:
        texts.append(_oldest_look(cursor))
    return [" ".join(texts)]


def _oldest_look(cursor: dict[str, Any]) -> str:
    if oldest := cursor.get(collect_send.OLDEST):
        at = datetime.datetime.fromisoformat(oldest)
        when = date_format(timezone.localtime(at), "DATETIME_FORMAT")
        return _("The oldest look is %(age)s old (%(when)s).") % {"age": timesince(at), "when": when}
    at = datetime.datetime.fromisoformat(cursor[collect_send.STARTED])
    return _("The first round began %(age)s ago and isn't over yet.") % {"age": timesince(at)}


def follow_otherwise(connection: ContactsendConnection) -> None:
    """Another last-modified field, or none: changes since the oldest look are still to be found."""
    mine = Cursor.objects.filter(connection_id=connection.pk, job=FROM_SEND)
    for cursor in mine:
        names = (collect_send.SINCE, collect_send.OLDEST, collect_send.STARTED)
        since = next((cursor.value[name] for name in names if name in cursor.value), None)
        mine.filter(pk=cursor.pk).update(value={collect_send.SINCE: since} if since else {})
