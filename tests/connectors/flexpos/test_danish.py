"""Whoever's browser asks for Danish reads the words of Heyloyalty's own page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import override

from integrations.connectors.flexpos.models import FlexPOSConnection

# The page's own words, in its order.
PAGE = {
    "settings": ["Liste", "Match medlemmer på felt", "Client_id", "Client_secret", "Hent Customers Active",
                 "Kun med IsActive (true)", "Hent Customers ClubMember", "Kun med IsClubMember (1)",
                 "Hent Customers Newsletter", "Kun med GetsNewsletter (1)"],
    "attractions": ["Attraction API url", "Attraction Client_id", "Attraction Client_secret"],
    "import": ["Importtype", "Datoformat", "Tegn der adskiller valgmuligheder",
               "Skal tidligere afmeldte kunne importeres igen", "Send aktive automations", "Send webhooks",
               "Send eventuelle fejl i importfil til"],
    "mapping": ["Mapping for Customer", "Mapping for Journal", "Mapping for Ticket"],
}  # fmt: skip
STEPS = ["Indstillinger", "Attractions indstillinger", "Import-indstillinger", "Feltmapping"]
DIALOG = ["Datospænd: fra", "Datospænd: til", "Hent ordredata", "Hent medlemmer",
          "Håndtering af tidligere afmeldte medlemmer", "Send opt-in besked", "Send automations"]  # fmt: skip
SAME = {"Client_id", "Client_secret", "API url", "API secret", "Email", "Attraction API url", "Attraction Client_id",
        "Attraction Client_secret", "Send webhooks"}  # fmt: skip


def read(client: Client, connection: FlexPOSConnection, page: str, **query: str) -> str:
    address = reverse(f"admin:flexpos_flexposconnection_{page}", args=[connection.pk])
    return client.get(address, query, headers={"accept-language": "da"}).content.decode()


def in_order(page: str, labels: list[str]) -> None:
    at = 0
    for label in labels:
        found = page.find(escape(label), at)
        assert found >= 0, f"{label} is missing, or stands further up"
        at = found + len(label)


@pytest.mark.parametrize("step", PAGE)
def test_each_step_has_the_words_of_the_page_in_its_order(
    admin_client: Client, connection: FlexPOSConnection, step: str
) -> None:
    page = read(admin_client, connection, "change", step=step)
    in_order(page, [*STEPS, *PAGE[step]])
    assert '<html lang="da"' in page


def test_the_dialog_has_its_six_choices_in_danish(admin_client: Client, connection: FlexPOSConnection) -> None:
    in_order(read(admin_client, connection, "import"), ["Hent data fra FlexPOS", *DIALOG, "Lav et overslag"])


def test_no_label_of_its_settings_is_left_in_english(connection: FlexPOSConnection) -> None:
    own: list[Any] = [field for field in connection._meta.local_fields if field.editable and not field.remote_field]
    with override("en"):
        english = {field.name: str(field.verbose_name) for field in own}
    with override("da"):
        same = {english[field.name] for field in own if str(field.verbose_name) == english[field.name]}
    assert same <= SAME
