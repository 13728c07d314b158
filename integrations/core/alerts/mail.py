"""Mailing alerts, in tasks of their own: a mail that can't be sent holds up no sync and is tried a few times."""

from __future__ import annotations

import datetime
from smtplib import SMTPException

from django.core.mail import EmailMessage, get_connection
from django.utils import timezone
from django_q.tasks import async_task

from integrations.core.alerts.look import after_telling
from integrations.core.alerts.words import body, subject
from integrations.core.engine.lease import acquire
from integrations.core.models import Alert

LEASE = "alerts"
# Minutes until the next try; after the last one it is given up, and the dashboard says so.
BACKOFF = (1, 5, 15, 60, 240)
# Seconds a mail server has to answer; well below django-q2's timeout.
PATIENCE = 15


def ask(now: datetime.datetime) -> None:
    """A task for each connection that has mails to send."""
    due = Alert.objects.filter(mail_at__lte=now).order_by().values_list("connection_id", flat=True)
    for connection_id in due.distinct():
        async_task("integrations.core.tasks.mail_alerts", connection_id)


def send_due(connection_id: int) -> None:
    """Send what is due for a connection; by one worker at a time."""
    if (held := acquire(connection_id, LEASE)) is None:
        return
    try:
        due = Alert.objects.filter(connection_id=connection_id, mail_at__lte=timezone.now())
        for alert in due.select_related("connection").order_by("pk"):
            held.renew()
            _send(alert)
    finally:
        held.release()


def _send(alert: Alert) -> None:
    """Noted before it is sent, so that a crash in between doesn't repeat it without end."""
    mine = Alert.objects.filter(pk=alert.pk)
    untold = alert.recovered_at is not None and alert.told_at is None
    if untold or not (alert.connection.notify and alert.connection.notify_to):
        mine.update(mail_at=None)
        return
    last = alert.tries >= len(BACKOFF)
    again = None if last else timezone.now() + datetime.timedelta(minutes=BACKOFF[alert.tries])
    mine.update(tries=alert.tries + 1, mail_at=again)
    to = alert.connection.notify_to
    connection = get_connection(timeout=PATIENCE)
    try:
        EmailMessage(subject(alert), body(alert), to=[to], connection=connection).send()
    except (OSError, SMTPException, ValueError) as error:
        mine.update(problem=type(error).__name__, told_to=alert.told_to or to)
        return
    now = timezone.now()
    if alert.recovered_at:
        mine.update(recovery_told_at=now, mail_at=None, problem="")
    else:
        mine.update(told_at=now, told_to=to, mail_at=after_telling(), tries=0, problem="")
