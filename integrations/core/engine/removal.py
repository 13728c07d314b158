"""Remove Configuration: a connection ends, its log stays.

What was sent is in the log already, or will be in a moment: the drain that is at work notices within a second, lands
what is under way, and settles the rest as skipped, as when somebody stops a sync job. Nothing here waits for it.
"""

from __future__ import annotations

from contextlib import closing
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from integrations.core.engine import inbox
from integrations.core.engine.wake import wake
from integrations.core.fields import secret_names
from integrations.core.models import Clock, Connection, Cursor, HookToken, Lease, Run
from integrations.core.registry import connector_for

State = Connection.State


def remove(connection: Any, user: User) -> None:
    """End a connection (given as its connector's own model). Its runs, events, exchanges and history stay.

    Removing it twice changes nothing.
    """
    with transaction.atomic():
        if not Connection.objects.installed().select_for_update().filter(pk=connection.pk).exists():
            return
        with closing(connector_for(connection)) as connector:
            connector.forget()
        connection.set_state(State.REMOVED, _("Removed by %(user)s") % {"user": user.get_username()})
        for model in (HookToken, Cursor, Clock):
            model._default_manager.filter(connection_id=connection.pk).delete()
        # One that is held ends with its holder's work.
        Lease.objects.filter(connection_id=connection.pk, until__lt=Now()).delete()
        _wipe_secrets(connection, user)
        end_work(connection_id=connection.pk)


def _wipe_secrets(connection: Any, user: User) -> None:
    """Its history says that they changed, when and by whom."""
    names = secret_names(type(connection))
    for name in names:
        setattr(connection, name, "")
    connection.secrets_set = {}
    connection._history_user = user
    connection.save(update_fields=[*names, "secrets_set"])


def end_work(**which: Any) -> None:
    """Have what waits at removed connections settled. The sweep does it again: what was being stored in the moment of
    the removal comes after it."""
    removed = Connection.objects.filter(state=State.REMOVED)
    open_runs = Run.objects.filter(connection__in=removed, status__in=(Run.Status.RUNNING, Run.Status.PAUSED), **which)
    at_work = set(open_runs.values_list("connection_id", flat=True))
    open_runs.update(status=Run.Status.STOPPING)
    inbox.drop_calls(removed)
    for connection_id in at_work:
        wake(connection_id)
