"""A sync job is called by what it does, in the reader's language; and times are told in one way."""

from __future__ import annotations

import datetime

import pytest
from django.utils import formats, translation

from integrations.connectors.heyloyalty.models import ActivationConnection
from integrations.connectors.leadhub.models import LeadHubConnection
from integrations.core.alerts.words import sentence
from integrations.core.models import Alert, Connection, Run
from integrations.core.registry import all_connectors, job_label
from tests.connectors.heyloyalty import cdp
from tests.core.log_rows import log_in, make_connection, make_run

LIST = "/admin/core/run/"


def leadhub() -> LeadHubConnection:
    values = {"connector": "leadhub", "name": "Shop", "state": Connection.State.ENABLED}
    return LeadHubConnection.objects.create(**values)


def test_what_connectors_export_and_have_pages_for_has_a_name() -> None:
    for name, connector in all_connectors():
        jobs = {*connector.exports.values(), *connector.job_pages}
        assert jobs <= set(connector.job_labels), name


def test_a_job_is_called_by_its_name_and_a_forgotten_one_by_what_it_was() -> None:
    assert job_label("leadhub", "export") == "Export of all customers"
    assert job_label("heyloyalty", "empty raptor_aud_vip") == "Emptying of the field raptor_aud_vip"
    assert job_label("leadhub", "") == ""
    assert job_label("leadhub", "of last year") == job_label("uninstalled", "of last year") == "of last year"


@pytest.mark.django_db
def test_the_list_and_the_page_of_a_job_say_what_it_does_in_the_readers_language() -> None:
    run = make_run(leadhub(), job="export", trigger=Run.Trigger.EXPORT)
    client = log_in(None)
    for address in (LIST, f"{LIST}{run.pk}/change/"):
        assert "Export of all customers" in client.get(address).content.decode()
        assert "Eksport af alle kunder" in client.get(address, headers={"accept-language": "da"}).content.decode()


@pytest.mark.django_db
def test_an_emptied_field_is_named() -> None:
    values = {"connector": "heyloyalty", "name": "Club", "identifier_type": cdp.email_type()}
    connection = ActivationConnection.objects.create(**values)
    make_run(connection, job="empty raptor_aud_vip", trigger=Run.Trigger.EXPORT)
    assert "Emptying of the field raptor_aud_vip" in log_in(None).get(LIST).content.decode()


@pytest.mark.django_db
def test_a_job_that_has_no_name_needs_none() -> None:
    make_run(make_connection())
    assert "<td>Webhook</td>" in log_in(None).get(LIST).content.decode()


@pytest.mark.django_db
def test_an_alert_names_the_job_in_words() -> None:
    facts = {"read": 10, "failed": 9, "cause": ""}
    alert = Alert(connection=leadhub(), kind=Alert.Kind.MANY_FAILED, job="expiry notification", run_id=7, facts=facts)
    assert sentence(alert) == "9 of 10 records of sync job J7 (Notification before expiry) failed."


@pytest.mark.parametrize("language", ["en", "da", "it", "cs"])
@pytest.mark.parametrize("format_name", ["TIME_FORMAT", "DATETIME_FORMAT", "SHORT_DATETIME_FORMAT"])
def test_times_are_told_as_in_the_columns_of_the_log(language: str, format_name: str) -> None:
    for hour in (9, 22):
        moment = datetime.datetime(2026, 3, 5, hour, 37)
        with translation.override(language):
            assert formats.date_format(moment, format_name).endswith(f"{hour:02}:37")
