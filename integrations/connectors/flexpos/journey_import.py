"""The initial import's part of the journey: a month of 500 members and their purchases, estimated, then fetched."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from django.utils import timezone

from integrations.connectors.flexpos.import_start import Planned, start_estimate, start_import
from integrations.connectors.flexpos.initial_import import Choices, OrderData, today
from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.core.demo.journeys import Step, until
from integrations.core.http import HttpClient
from integrations.core.models import Run

MEMBERS, JOURNALS = 500, 200
MONTH = datetime.timedelta(days=31)
# What is sold in the second in which the import begins is left to the next one.
A_MOMENT_AGO = datetime.timedelta(seconds=5)


def fill_shop(practice: str, account: str = "shop") -> None:
    """A month of invented customers and sales in the practice shop, of customers who all have an address."""
    now = timezone.now() - A_MOMENT_AGO
    seed = {
        "customers": MEMBERS,
        "journals": JOURNALS,
        "from": (now - MONTH).isoformat(),
        "to": now.isoformat(),
    }
    with HttpClient(f"{practice}/practice/flexpos/{account}", vendor="The practice shop") as shop:
        shop.post("settings", json={"messy_emails": False})
        shop.post("seed", json=seed)


def walk_import(connection: FlexPOSConnection) -> Iterator[Step]:
    """The shop is filled. Raises AssertionError when an estimate or import is under way on this connection."""
    now = timezone.now()
    choices = Choices(today(now - MONTH), today(now), OrderData.JOURNALS, unsubscribed=False)
    estimate = start_estimate(connection, choices)
    assert estimate is not None
    status = until(lambda: _fresh(estimate).status, Run.Status.SUCCESS)
    yield Step("an initial import is estimated", "success", status)
    said = Planned.of(_fresh(estimate)).result or {}
    yield Step("it would create 500 members", str(MEMBERS), str(said.get("created")))

    run, _ = start_import(connection, _fresh(estimate))
    assert run is not None
    status = until(lambda: _fresh(run).status, Run.Status.SUCCESS)
    yield Step("the import reaches its end", "success", status)
    orders = dict(said.get("orders", ()))
    yield Step("members and purchases are sent", str(MEMBERS + orders.get("journals", 0)), str(_fresh(run).new))


def _fresh(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)
