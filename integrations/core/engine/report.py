"""Telling a connector that one of its runs has ended. The sweep looks for those it was not told of."""

from __future__ import annotations

import datetime
import logging

from django_q.tasks import async_task

from integrations.core.connector import Connector
from integrations.core.engine.lease import acquire
from integrations.core.errors import TemporaryError
from integrations.core.models import Connection, Run
from integrations.core.registry import all_connectors, connector_for

logger = logging.getLogger(__name__)

LEASE = "report"
# After so long nobody waits for it any more.
GIVEN_UP_AFTER = datetime.timedelta(days=1)


def ask(now: datetime.datetime) -> None:
    """A task for each run that ended and whose connector wants to know."""
    listening = [name for name, kind in all_connectors() if kind.finished is not Connector.finished]
    if listening:
        ended = Run.objects.filter(reported=False, finished_at__gt=now - GIVEN_UP_AFTER)
        installed = Connection.objects.installed().filter(connector__in=listening)
        for pk in ended.filter(connection__in=installed).values_list("pk", flat=True):
            async_task("integrations.core.tasks.report", pk)


def report(run_id: int) -> None:
    """Once, or again after a crash; again, too, when the connector says it could not yet (TemporaryError)."""
    installed = Connection.objects.installed()
    ended = Run.objects.filter(pk=run_id, reported=False, finished_at__isnull=False, connection__in=installed)
    run = ended.select_related("connection").first()
    if run is None or (held := acquire(run.connection_id, LEASE)) is None:
        return
    connector = connector_for(run.connection)
    try:
        connector.finished(run)
    except TemporaryError as error:
        logger.warning("Run %s will be reported later: %s", run_id, error.message)
    except Exception as error:  # noqa: BLE001 – its text may hold personal data, and repeating it would not help
        logger.error("%s while reporting run %s", type(error).__name__, run_id)
        Run.objects.filter(pk=run_id).update(reported=True)
    else:
        Run.objects.filter(pk=run_id).update(reported=True)
    finally:
        connector.close()
        held.release()
