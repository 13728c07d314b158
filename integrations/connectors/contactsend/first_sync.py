"""The first sync: all customers to Contactsend, then those subscribers that Contacthub doesn't have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from integrations.connectors.contactsend import collect_hub, collect_send
from integrations.connectors.contactsend.jobs import FROM_HUB
from integrations.connectors.contactsend.reconcile import Where
from integrations.core.connector import Estimate, Page
from integrations.core.errors import TemporaryError
from integrations.core.models import Cursor, Event, Run

if TYPE_CHECKING:
    from integrations.connectors.contactsend.connector import Contactsend

# A customer costs a look and a write.
CALLS_A_CUSTOMER = 2
CUSTOMERS_FIRST = _(
    "The customers of Contacthub are being written to Contactsend; then the other direction is looked at."
)


def pages(connector: Contactsend, cursor: Mapping[str, Any], run: Run) -> Iterator[Page]:
    """Raises TemporaryError between the two directions, until the first is done: it goes on by itself."""
    mine = cursor if cursor.get("run") == run.pk else {}
    if mine.get("stage", Where.HUB) == Where.HUB and not mine.get("done"):
        # What is changed from here on the stream tells, also while this goes on.
        _note_where_the_stream_is(connector, FROM_HUB)
        last = mine
        for page in collect_hub.everybody(connector, mine, run.pk):
            last = page.cursor
            yield page
        yield Page([], {**last, "run": run.pk, "done": True})
    if mine.get("stage") != Where.SEND:
        # One that was tried and waits must not keep the others from going on.
        if Event.objects.filter(run_id=run.pk, outcome=Event.Outcome.PENDING).exists():
            raise TemporaryError(str(CUSTOMERS_FIRST))
        mine = {}
    yield from collect_send.everybody(connector, mine, run.pk)


def estimate(connector: Contactsend) -> Estimate:
    customers = connector.hub.count_customers(connector.node)
    per_second = connector.connection.send_calls_per_second
    return Estimate(customers, customers * CALLS_A_CUSTOMER / per_second if per_second else 0.0)


def _note_where_the_stream_is(connector: Contactsend, job: str) -> None:
    cursors = Cursor.objects.filter(connection_id=connector.connection.pk, job=job)
    if not cursors.exists():
        Cursor.objects.get_or_create(
            connection_id=connector.connection.pk, job=job, defaults={"value": collect_hub.start(connector)}
        )
