"""ConnectorContract: the security and behaviour review every connector passes by subclassing it."""

from __future__ import annotations

import json
import logging
from contextlib import closing
from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from integrations.core.admin.connection.check import run_check
from integrations.core.connector import Record
from integrations.core.engine import drain as engine
from integrations.core.engine import removal, retry
from integrations.core.fields import secret_names
from integrations.core.models import Connection, Event, EventPayload, Link, Run
from integrations.core.preview.trial import Fate, try_out
from integrations.core.registry import connector_for
from integrations.core.setup import MARKETING, SUPPORT
from tests.admin_urls import admin_pages
from tests.connectors.configuration_contract import ConfigurationContract, page_of
from tests.crawl import crawl, everything_stored


class ConnectorContract(ConfigurationContract):
    """Subclasses give the fixture `connection` (enabled, against its practice vendor), which sets `account` to that
    vendor's practice account, and the four methods below."""

    account: Any

    def arrive(self, connection: Connection, number: int = 1) -> None:
        """`number` new records are stored as events or webhook calls of the connection, not yet sent."""
        raise NotImplementedError

    def make_vendor(self, state: str) -> None:
        """Put the practice vendor into a state: "well", "troubled" (one 5xx), "refusing" (one record),
        "closed" (keys refused), "silent" (applies one write and never answers)."""
        raise NotImplementedError

    def created(self) -> list[str]:
        """The ids of records created at the vendor, one entry for each creation."""
        raise NotImplementedError

    def calls(self) -> int:
        """How many HTTP calls the vendor has had."""
        raise NotImplementedError

    # -- behaviour -------------------------------------------------------------------------------

    def run(self, connection: Connection) -> list[Event]:
        Event.objects.filter(due_at__isnull=False).update(due_at=connection.created_at)
        engine.drain(connection.pk)
        return list(Event.objects.filter(connection_id=connection.pk).order_by("pk"))

    def test_what_arrives_is_delivered_and_the_books_balance(self, connection: Connection) -> None:
        self.arrive(connection, 3)
        assert {event.outcome for event in self.run(connection)} == {"new"}
        assert len(self.created()) == 3
        for run in Run.objects.all():
            assert (run.status, run.waiting) == (Run.Status.SUCCESS, 0)

    def test_a_vendor_in_trouble_makes_records_wait_and_then_arrive(self, connection: Connection) -> None:
        self.make_vendor("troubled")
        self.arrive(connection)
        [event] = self.run(connection)
        assert (event.outcome, event.code) == ("waiting", "temporary")
        assert {event.outcome for event in self.run(connection)} == {"new"}
        assert len(self.created()) == 1

    def test_a_refused_record_fails_with_a_sentence_and_recovers_by_retry(self, connection: Connection) -> None:
        self.make_vendor("refusing")
        self.arrive(connection)
        [event] = self.run(connection)
        assert event.outcome == "failed"
        assert event.message.endswith("press Retry.")
        self.make_vendor("well")
        assert retry.retry(connection.pk, [event.pk])
        [event] = self.run(connection)
        assert (event.outcome, event.recovered) == ("updated", True)
        assert len(self.created()) == 1

    def test_refused_keys_stop_the_connection_keep_its_queue_and_say_what_to_do(
        self, connection: Connection, admin_client: Client
    ) -> None:
        self.make_vendor("closed")
        self.arrive(connection)
        [event] = self.run(connection)
        assert (event.outcome, event.settled_at) == ("waiting", None)
        connection.refresh_from_db()
        assert connection.state == Connection.State.ATTENTION
        assert connection.state_reason
        assert "It stopped by itself: " in admin_client.get(page_of(connection, "history")).content.decode()
        before = self.calls()
        self.run(connection)
        assert self.calls() == before
        self.make_vendor("well")
        connection.set_state(Connection.State.ENABLED)
        assert {event.outcome for event in self.run(connection)} == {"new"}

    def test_an_answer_that_got_lost_creates_nothing_twice(self, connection: Connection) -> None:
        self.make_vendor("silent")
        self.arrive(connection)
        self.run(connection)
        [event] = self.run(connection)
        assert event.outcome in ("new", "updated")
        assert len(self.created()) == 1

    def test_a_preview_sends_nothing(self, connection: Connection) -> None:
        """Of records that came in and wait, and once more when they were sent."""
        self.make_vendor("closed")
        self.arrive(connection, 2)
        self.run(connection)
        self.make_vendor("well")
        assert self.previews(connection) <= {Fate.CREATE, Fate.SEND}
        assert self.created() == []
        connection.set_state(Connection.State.ENABLED)
        assert {event.outcome for event in self.run(connection)} == {"new"}
        assert self.previews(connection)

    def previews(self, connection: Connection) -> set[Fate]:
        """What would become of all that came in; neither the vendor's books nor ours change."""
        events = Event.objects.filter(connection_id=connection.pk).values_list("record_type", "key", "payload__event")
        records = [Record(kind, key, json.loads(EventPayload.objects.get(pk=pk).body)) for kind, key, pk in events]
        assert records
        before = (self.account.ledger(), list(Link.objects.values()), Event.objects.count(), Run.objects.count())
        fates = set()
        for record in records:
            with closing(connector_for(connection)) as connector:
                fates.add(try_out(connector, record).fate)
        assert (
            self.account.ledger(), list(Link.objects.values()), Event.objects.count(), Run.objects.count()
        ) == before  # fmt: skip
        return fates

    def test_every_job_has_a_name(self, connection: Connection) -> None:
        with closing(connector_for(connection)) as connector:
            assert set(connector.jobs()) <= set(connector.job_labels)

    def test_calls_grow_with_batches_not_with_records(self, connection: Connection) -> None:
        sizes = {record_type.batch_size for record_type in connector_for(connection).record_types}
        self.arrive(connection, max(sizes))
        self.run(connection)
        one_batch = self.calls()
        self.arrive(connection, 4 * max(sizes))
        self.run(connection)
        assert self.calls() - one_batch <= 4 * one_batch

    # -- security --------------------------------------------------------------------------------

    def test_secrets_are_on_no_page_and_in_no_table(
        self, connection: Connection, admin_client: Client, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        secrets = [getattr(connection, name) for name in secret_names(type(connection))]
        assert all(secrets)
        for state in ("well", "troubled", "refusing", "closed"):
            self.make_vendor(state)
            self.arrive(connection)
            self.run(connection)
        pages = {address: response.content.decode() for address, response in crawl(admin_client)}
        own = type(connection)._meta
        assert reverse(f"admin:{own.app_label}_{own.model_name}_change", args=[connection.pk]) in {
            address.partition("?")[0] for address in pages
        }
        for secret in secrets:
            assert [address for address, text in pages.items() if secret in text] == []
            assert secret not in everything_stored()
            assert secret not in caplog.text

    def test_every_secret_has_a_destination(self, connection: Connection) -> None:
        destinations = connection.specific.destinations()
        assert set(destinations) == set(secret_names(type(connection)))
        assert all(address.startswith("http") for address in destinations.values() if address)

    def test_another_address_demands_the_secrets_that_go_there(
        self, connection: Connection, admin_client: Client
    ) -> None:
        page: Any = admin.site._registry[type(connection)]
        tried = 0
        for step in page.steps:
            url = f"{page.page_url('change', connection)}?step={step.name}"
            context = admin_client.get(url).context
            form = context["adminform"].form if context and "adminform" in context else None
            for name in set(page.form.address_fields) & set(form.fields if form else ()):
                typed = {each: value for each in form.fields if (value := form[each].value()) not in (None, "")}
                if name not in typed or isinstance(form.fields[name].widget, forms.Select):
                    continue
                answer = admin_client.post(url, typed | {name: "https://somewhere-else.example.com"})
                assert answer.status_code == 200, f"{name} was saved without its secrets"
                assert "enter this again" in answer.content.decode()
                tried += 1
        assert tried

    @pytest.mark.parametrize("role", [MARKETING, SUPPORT])
    def test_no_role_is_shown_a_secret(self, connection: Connection, client: Client, role: str) -> None:
        secrets = [getattr(connection, name) for name in secret_names(type(connection))]
        for state in ("refusing", "closed"):
            self.make_vendor(state)
            self.arrive(connection)
            self.run(connection)
        self.sign_in(client, role, connection)
        pages = {address: response.content.decode() for address, response in crawl(client)}
        assert any(connection.name in text for text in pages.values())
        for secret in secrets:
            assert [address for address, text in pages.items() if secret in text] == []

    def test_bad_credentials_fail_the_check_with_a_sentence_and_without_the_secret(
        self, connection: Connection
    ) -> None:
        self.make_vendor("closed")
        [reached, clock, *_, last] = run_check(connection)
        assert (reached.label.endswith(" is reached"), reached.ok) == (True, True)
        assert (clock.label.startswith("The clocks of "), clock.ok) == (True, True)
        assert not last.ok
        assert last.detail
        assert not [secret for secret in connection.secrets() if secret in last.detail]

    def test_who_has_no_role_sees_nothing_of_it(self, connection: Connection, client: Client) -> None:
        self.make_vendor("refusing")
        self.arrive(connection)
        [event] = self.run(connection)
        self.sign_in(client, MARKETING)
        for _, response in crawl(client):
            assert connection.name not in response.content.decode()
        for page in self.own_pages(connection, event):
            for method in (client.get, client.post):
                assert method(page).status_code in (403, 404, 405), page
        connection.refresh_from_db()
        assert connection.state == Connection.State.ENABLED

    def test_support_reads_logs_masked_and_cannot_change_settings(self, connection: Connection, client: Client) -> None:
        self.make_vendor("refusing")
        self.arrive(connection)
        [event] = self.run(connection)
        self.sign_in(client, SUPPORT, connection)
        panel = client.get(reverse("admin:core_event_change", args=[event.pk]))
        assert panel.status_code == 200
        assert event.label
        assert event.label not in panel.content.decode()
        own = type(connection)._meta
        settings_page = reverse(f"admin:{own.app_label}_{own.model_name}_change", args=[connection.pk])
        assert client.get(settings_page).status_code in (302, 403, 404)

    def own_pages(self, connection: Connection, event: Event) -> list[str]:
        """Every page of the connection that the addresses know, and those of its log."""
        own = type(connection)._meta
        values = {
            **dict.fromkeys(("pk", "object_id", "_0"), connection.pk),
            **{"record_type": event.record_type, "verb": "disable", "run_pk": event.run_id, "number": 1, "_1": 1},
        }
        pages = [page.address(values) for page in admin_pages(own.app_label) if page.parameters]
        log = (("event", event.pk), ("run", event.run_id))
        return [*pages, *(reverse(f"admin:core_{page}_change", args=[pk]) for page, pk in log)]

    # -- the end ---------------------------------------------------------------------------------

    def test_removed_it_sends_nothing_more_and_keeps_its_log(self, connection: Connection) -> None:
        self.arrive(connection)
        [sent] = self.run(connection)
        self.make_vendor("troubled")
        self.arrive(connection)
        self.run(connection)
        self.make_vendor("well")
        calls = self.calls()
        removal.remove(connection, User.objects.create_superuser("remover"))
        events = self.run(connection)
        assert self.calls() == calls
        assert [event.outcome for event in events if event.pk == sent.pk] == ["new"]
        assert {event.code for event in events if event.pk != sent.pk} == {"removed"}
        assert Event.objects.filter(settled_at__isnull=True).count() == 0
        assert {run.status for run in Run.objects.all()} <= {Run.Status.SUCCESS, Run.Status.STOPPED}
        ended = type(connection)._default_manager.get(pk=connection.pk)
        assert (ended.state, ended.secrets()) == (Connection.State.REMOVED, [])
