"""Error reports by mail: one a sync, one an hour for live changes."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from integrations.connectors.heyloyalty.models import ActivationConnection
from integrations.core.alerts.look import look
from integrations.core.alerts.mail import send_due
from integrations.core.engine.report import report
from integrations.core.models import Alert, Connection, Run
from integrations.sources.cdp.models import Attribute, Identifier
from tests.connectors.heyloyalty import cdp, portal
from tests.connectors.heyloyalty.conftest import MakeActivation
from tests.sandbox_heyloyalty import HeyloyaltyAccount

TO = "marketing@example.test"


@pytest.fixture
def activation(make_activation: MakeActivation, practice: HeyloyaltyAccount) -> ActivationConnection:
    practice.seed(30)
    return make_activation(errors_to=TO)


@pytest.fixture
def orders(activation: ActivationConnection) -> Attribute:
    orders = cdp.attribute("Orders")
    portal.attach(activation, orders)
    return orders


def failing(orders: Attribute, *people: Identifier) -> None:
    for one in people:
        cdp.becomes(orders, one, number=1e30)


def rows(sent: Any) -> list[dict[str, str]]:
    [(_name, content, _kind)] = [tuple(part) for part in sent.attachments]
    return list(csv.DictReader(content.lstrip("\ufeff").splitlines()))


def report_all() -> None:
    """What the sweep does each minute."""
    for pk in Run.objects.filter(reported=False, finished_at__isnull=False).order_by("pk").values_list("pk", flat=True):
        report(pk)


@pytest.fixture
def an_hour_passes(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The sweep comes as if an hour had passed since the last mail."""

    def sweep() -> None:
        with monkeypatch.context() as patched:
            patched.setattr("integrations.connectors.heyloyalty.report.EVERY", datetime.timedelta())
            report_all()

    return sweep


def test_a_sync_mails_all_that_failed_once(activation: ActivationConnection, orders: Attribute) -> None:
    everybody = cdp.people(30)
    failing(orders, *everybody[:5])
    activation.set_state("disabled")
    Run.objects.all().delete()
    activation.set_state("enabled")
    run = portal.synced(activation)
    assert run.failed == 5
    report_all()
    report_all()
    [sent] = mail.outbox
    assert sent.to == [TO]
    assert [row["Identifier"] for row in rows(sent)] == [cdp.email(number) for number in range(1, 6)]
    assert "Orders" in rows(sent)[0]["What happened"]


def test_a_storm_of_failing_changes_mails_at_once_and_then_once_an_hour(
    activation: ActivationConnection, orders: Attribute, an_hour_passes: Callable[[], None]
) -> None:
    everybody = cdp.people(30)
    failing(orders, everybody[0])
    portal.drain(activation)
    report_all()
    assert len(mail.outbox) == 1
    failing(orders, *everybody[1:20])
    portal.drain(activation)
    report_all()
    report_all()
    assert len(mail.outbox) == 1
    assert Run.objects.filter(reported=False).count() == 1
    an_hour_passes()
    assert [len(rows(sent)) for sent in mail.outbox] == [1, 19]
    assert not Run.objects.filter(reported=False).exists()
    failing(orders, everybody[20])
    portal.drain(activation)
    an_hour_passes()
    assert len(rows(mail.outbox[-1])) == 1


def test_nobody_is_mailed_without_an_address_or_a_failure(
    activation: ActivationConnection, orders: Attribute, make_activation: MakeActivation
) -> None:
    [ada] = cdp.people(1)
    cdp.becomes(orders, ada, number=1)
    portal.drain(activation)
    quiet = make_activation(name="Quiet")
    portal.attach(quiet, orders)
    failing(orders, ada)
    portal.drain(quiet)
    for run in Run.objects.filter(connection=quiet):
        report(run.pk)
    report(Run.objects.earliest("pk").pk)
    assert mail.outbox == []


def test_who_gets_the_report_gets_no_alert_about_the_same(activation: ActivationConnection, orders: Attribute) -> None:
    failing(orders, *cdp.people(30)[:15])
    activation.set_state("disabled")
    Run.objects.all().delete()
    activation.set_state("enabled")
    Connection.objects.update(notify=True, notify_to=TO)
    portal.synced(activation)
    look(timezone.now())
    send_due(activation.pk)
    assert mail.outbox == []
    assert Alert.objects.get(kind=Alert.Kind.MANY_FAILED).facts["reported"] is True
    report_all()
    assert len(mail.outbox) == 1
