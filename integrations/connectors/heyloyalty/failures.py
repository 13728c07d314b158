"""Records that failed, as a file for a spreadsheet, and by mail to whoever is to hear of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from smtplib import SMTPException
from typing import Any

from cryptography.fernet import InvalidToken
from django.core.mail import EmailMessage
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from integrations.core.errors import TemporaryError
from integrations.core.models import Event, EventPayload
from integrations.core.spreadsheet import BOM, line

CHUNK = 500

# What tells whom a record is about: by the column's title, from the event and its payload.
Who = Mapping[Any, Callable[[Event, dict[str, Any]], Any]]


def failure_lines(failed: QuerySet[Event], who: Who) -> Iterator[str]:
    """Failed records as lines of CSV, a header first, read a few at a time."""
    yield BOM + line([_("Request ID"), _("Record"), *map(str, who), _("What happened"), _("Time")])
    last = 0
    while chunk := list(failed.order_by("pk").filter(pk__gt=last)[:CHUNK]):
        payloads = _payloads([event.pk for event in chunk])
        for event in chunk:
            yield line(_cells(event, payloads.get(event.pk), who))
        last = chunk[-1].pk


def _payloads(event_ids: list[int]) -> dict[int, str]:
    """By event, those that retention has left. After a change of keys the reasons alone must do."""
    try:
        return dict(EventPayload.objects.filter(pk__in=event_ids).values_list("pk", "body"))
    except InvalidToken:
        return {}


def _cells(event: Event, payload: str | None, who: Who) -> list[str]:
    row: dict[str, Any] = json.loads(payload) if payload else {}
    named = ["" if (value := read(event, row)) is None else str(value) for read in who.values()]
    settled = event.settled_at.isoformat(" ", "seconds") if event.settled_at else ""
    return [str(event), event.record_type, *named, event.message, settled]


def mail_failures(to: str, subject: str, body: str, name: str, lines: Iterable[str]) -> None:
    """With the lines as a file of this name. Raises TemporaryError when the mail can't be sent now."""
    mail = EmailMessage(subject=subject, body=body, to=[to])
    mail.attach(name, "".join(lines), "text/csv")
    try:
        mail.send()
    except (OSError, SMTPException) as error:
        raise TemporaryError(
            _("The mail “%(subject)s” could not be sent (%(error)s).")
            % {"subject": subject, "error": type(error).__name__}
        ) from None
