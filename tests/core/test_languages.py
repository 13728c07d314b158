"""What is stored once is read in several languages."""

from __future__ import annotations

import pytest
from django.utils import translation
from django.utils.translation import gettext

from integrations.core import catalog
from integrations.core.admin.log.sight import Sight
from integrations.core.admin.log.words import failed_advice
from integrations.core.connector import SKIP_REASONS, Field, Skip
from integrations.core.errors import RecordError
from integrations.core.http.failures import deadline_failure
from integrations.core.models import FieldCatalog
from integrations.core.registry import connector_for
from tests.core.toy import connect, toy
from tests.sandbox_server import Sandbox

STORED = SKIP_REASONS[Skip.CONSENT]


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", "The person did not consent."),
        ("da", "Personen har ikke givet samtykke."),
        ("it", "La persona non ha dato il consenso."),
        ("cs", "Osoba nedala souhlas."),
    ],
)
def test_a_stored_sentence_is_shown_in_the_readers_language(language: str, shown: str) -> None:
    with translation.override(language):
        assert Sight(full=False).sentence(STORED) == shown


def test_a_sentence_with_values_is_said_in_the_language_of_whoever_says_it() -> None:
    with translation.override("da"):
        said = deadline_failure("LeadHub", 30.0).message
    assert said == "LeadHub svarede ikke inden for 30 s; det, der venter, prøves igen af sig selv."
    assert Sight(full=True).sentence(said) == said


@pytest.mark.parametrize("language", ["en", "da", "it", "cs"])
def test_a_failure_that_names_the_button_gets_no_further_advice(language: str) -> None:
    with translation.override(language):
        message = gettext("Remove the reason, then press Retry.")
    assert failed_advice("refused", message) == ""
    assert failed_advice("refused", "LeadHub is closed.") != ""


@pytest.mark.django_db
def test_labels_are_kept_in_the_portals_language_whoever_reads_them(sandbox: Sandbox) -> None:
    with toy(describe=lambda self, record_type: [Field("state", gettext("Disabled"))]), translation.override("cs"):
        connection = connect(sandbox.leadsquared("destination"))
        catalog.refresh(connector_for(connection), "lead")
        assert gettext("Disabled") != "Disabled"
    assert FieldCatalog.objects.get(connection=connection, record_type="lead").fields[0]["label"] == "Disabled"


@pytest.mark.django_db
def test_why_fields_could_not_be_read_is_said_in_the_language_of_who_asks(sandbox: Sandbox) -> None:
    def describe(self: object, record_type: str) -> list[Field]:
        raise RecordError(gettext("Disabled"))

    connection = connect(sandbox.leadsquared("destination"))
    catalog.expire(connection)
    with toy(describe=describe):
        for language in ("it", "cs"):
            with translation.override(language):
                assert catalog.current(connector_for(connection), "lead").problem == gettext("Disabled")
