"""An import under way: what waits for it, and that whoever pauses it comes back to its page."""

from __future__ import annotations

from django.urls import reverse

from integrations.connectors.flexpos.initial_import import ESTIMATE, JOB
from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.connectors.flexpos.streams import IMPORT
from integrations.core.models import Run
from tests.connectors.flexpos import importing
from tests.connectors.flexpos.test_initial_import_pages import PAGE, run_page, told
from tests.core.log_rows import MARKETING, SUPPORT, log_in
from tests.sandbox_heyloyalty import HeyloyaltyAccount


def test_run_now_starts_nothing_beside_an_initial_import_and_says_so(connection: FlexPOSConnection) -> None:
    client, run_now = log_in(MARKETING, connection), reverse(f"{PAGE}do", args=[connection.pk, "run"])
    for job, words in ((JOB, "Initial import"), (ESTIMATE, "Estimate of the initial import")):
        run = Run.objects.create(connection=connection, job=job, trigger=Run.Trigger.IMPORT)
        said = told(client.post(run_now))
        assert f"Not started: Import from FlexPOS waits for {run} ({words})." in said
        Run.objects.filter(pk=run.pk).update(status=Run.Status.SUCCESS)
    assert not Run.objects.filter(job=IMPORT).exists()
    client.post(run_now)
    assert Run.objects.filter(job=IMPORT).count() == 1
    assert "Under way already: Import from FlexPOS." in told(client.post(run_now))


def test_pause_resume_and_stop_lead_back_to_the_import(
    connection: FlexPOSConnection, practice: HeyloyaltyAccount
) -> None:
    client = log_in(MARKETING, connection)
    run = importing.begin(connection, importing.estimate(connection))
    asked = client.get(reverse("admin:core_run_stop", args=[run.pk])).content.decode()
    assert f'href="{run_page(run)}"' in asked
    for verb, status in (("pause", "paused"), ("resume", "running"), ("stop", "stopping")):
        assert client.post(reverse(f"admin:core_run_{verb}", args=[run.pk])).url == run_page(run)
        run.refresh_from_db()
        assert run.status == status


def test_a_sync_job_leads_to_its_import_those_who_may_see_it(connection: FlexPOSConnection) -> None:
    run = importing.begin(connection, importing.estimate(connection))
    log_page = reverse("admin:core_run_change", args=[run.pk])
    assert f'href="{run_page(run)}"' in log_in(MARKETING, connection).get(log_page).content.decode()
    assert run_page(run) not in log_in(SUPPORT, connection).get(log_page).content.decode()
