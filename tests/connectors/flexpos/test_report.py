"""Send errors in the import file to: one mail a run, with a file of the members that failed."""

from __future__ import annotations

import csv
from typing import Any

import pytest
from django.core import mail

from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.core.engine.report import report
from integrations.core.models import Run
from tests.connectors.flexpos import till
from tests.connectors.flexpos.conftest import MakeConnection

TO = "marketing@example.test"


@pytest.fixture
def connection(make_flexpos: MakeConnection) -> FlexPOSConnection:
    return make_flexpos(errors_to=TO)


def test_the_members_that_failed_are_mailed_once_in_a_file_that_is_safe_to_open(connection: FlexPOSConnection) -> None:
    till.deliver(connection, till.customer(1, Mobile="12", FirstName="=cmd()"), till.customer(2))
    run = Run.objects.get()
    report(run.pk)
    report(run.pk)
    [sent] = mail.outbox
    assert sent.to == [TO]
    assert "@" not in sent.subject
    [(name, content, kind)] = [tuple(part) for part in sent.attachments]
    assert (name, kind) == (f"failed-{run}.csv", "text/csv")
    header, row = csv.reader(content.lstrip("\ufeff").splitlines())
    found = dict(zip(header, row, strict=True))
    assert (found["CustomerId"], found["Email"], found["FirstName"]) == ("50001", till.email(1), "'=cmd()")
    assert "Mobile" in found["What happened"]


def test_a_run_without_failures_mails_nobody(connection: FlexPOSConnection) -> None:
    till.deliver(connection, till.customer())
    report(Run.objects.get().pk)
    assert mail.outbox == []


def test_without_an_address_nobody_is_mailed(make_flexpos: MakeConnection) -> None:
    till.deliver(make_flexpos(), till.customer(Mobile="12"))
    report(Run.objects.get().pk)
    assert mail.outbox == []


def test_a_mail_that_can_not_be_sent_is_tried_again_and_fails_no_sync(
    connection: FlexPOSConnection, settings: Any
) -> None:
    till.deliver(connection, till.customer(1, Mobile="12"), till.customer(2))
    run = Run.objects.get()
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
        "django.core.mail.backends.smtp.EmailBackend",
        "127.0.0.1",
        9,
    )
    report(run.pk)
    run.refresh_from_db()
    assert (run.reported, run.new, run.failed) == (False, 1, 1)
    settings.EMAIL_BACKEND = working
    report(run.pk)
    assert len(mail.outbox) == 1
