"""Basic Settings, the warnings about who sends PINs, the PIN mails that wait, the sidebar and the roles."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client
from django.urls import reverse

from integrations.connectors.leadsquared.connector import LeadSync
from integrations.core.models import Connection
from integrations.core.registry import with_duty
from integrations.core.setup import MARKETING
from integrations.sources.loyalty.models import LoyaltySettings, PinMail
from integrations.sources.loyalty.pin_mails import send_pin_mails
from tests.core.log_rows import make_connection
from tests.crawl import crawl
from tests.sources.loyalty.people import IMPORT, LIST, PIN_MAILS, SETTINGS, mia, page_of, person, sam, shown
from tests.sources.loyalty.shop import customer, move

pytestmark = pytest.mark.django_db
INDEX = reverse("admin:index")
CANARY = "CANARYPIN55"
TWICE, NOBODY = "get each new PIN twice", "Nobody sends new PINs"


@pytest.fixture
def sending() -> Iterator[Connection]:
    """An enabled connection, open to marketing admins, whose connector sends PINs."""
    LeadSync.duties = frozenset({"loyalty.pin_mail"})
    connection = make_connection("PINs by LeadHub", connector="leadsquared", state=Connection.State.ENABLED)
    connection.access_roles.add(Group.objects.get_or_create(name=MARKETING)[0])
    yield connection
    LeadSync.duties = frozenset()


def save(client: Client, **changes: str) -> Any:
    return client.post(SETTINGS, {"pin_mail": "system", "sender_name": "", "time_zone": "UTC", **changes}, follow=True)


# -- the page -------------------------------------------------------------------------------------


def test_basic_settings_have_the_words_of_ellitys_page() -> None:
    page = shown(mia().get(reverse("admin:loyalty_loyaltysettings_changelist"), follow=True))
    assert re.search(r"<title>\s*Basic Settings\b", page)
    for words in ("Emails", "System", "Over Available Integration"):
        assert words in page


def test_who_sends_the_pin_is_chosen_and_the_history_says_by_whom() -> None:
    client = mia()
    assert "Basic Settings saved." in shown(save(client, pin_mail="integration", sender_name="Kaffehuset"))
    settings = LoyaltySettings.load()
    assert (settings.pin_mail, settings.sender_name) == ("integration", "Kaffehuset")
    save(client, pin_mail="system", sender_name="Kaffehuset")
    history = shown(client.get(reverse("admin:loyalty_loyaltysettings_history", args=[1])))
    assert "Over Available Integration → System" in history
    assert "mia" in history


def test_a_choice_that_there_isnt_is_refused() -> None:
    save(mia(), pin_mail="pigeon")
    assert LoyaltySettings.load().pin_mail == "system"


def test_the_settings_are_one_row_for_ever() -> None:
    client = mia("add_loyaltysettings", "delete_loyaltysettings")
    LoyaltySettings.load()
    assert client.get(reverse("admin:loyalty_loyaltysettings_add")).status_code == 403
    address = reverse("admin:loyalty_loyaltysettings_delete", args=[1])
    assert client.post(address, {"post": "yes"}).status_code == 403


def test_support_neither_sees_nor_saves_the_settings() -> None:
    client = sam()
    assert client.get(SETTINGS).status_code == 403
    assert save(client, pin_mail="integration").status_code == 403
    assert LoyaltySettings.load().pin_mail == "system"


# -- who sends PINs -------------------------------------------------------------------------------


def test_a_pin_that_would_be_sent_twice_is_warned_of_on_the_page_and_on_the_first_page(sending: Connection) -> None:
    client = mia()
    LoyaltySettings.load()
    for address in (SETTINGS, INDEX):
        page = shown(client.get(address))
        assert TWICE in page
        assert "“PINs by LeadHub”" in page
    assert reverse("admin:loyalty_loyaltysettings_changelist") in shown(client.get(INDEX)).partition(TWICE)[2]


@pytest.mark.parametrize(
    ("state", "chosen", "warning"),
    [
        (Connection.State.ENABLED, "integration", ""),
        (Connection.State.ATTENTION, "integration", ""),
        (Connection.State.ATTENTION, "system", TWICE),
        (Connection.State.DISABLED, "system", ""),
        (Connection.State.DISABLED, "integration", NOBODY),
        (Connection.State.DRAFT, "integration", NOBODY),
    ],
)
def test_the_warning_follows_the_choice_and_the_connections(
    sending: Connection, state: str, chosen: str, warning: str
) -> None:
    client = mia()
    Connection.objects.update(state=state)
    LoyaltySettings.objects.update_or_create(pk=1, defaults={"pin_mail": chosen})
    for address in (SETTINGS, INDEX):
        page = shown(client.get(address))
        assert [text for text in (TWICE, NOBODY) if text in page] == ([warning] if warning else [])


def test_a_connection_without_access_is_counted_but_not_named(sending: Connection) -> None:
    client = mia()
    sending.access_roles.clear()
    page = shown(client.get(INDEX))
    assert "1 other connection" in page
    assert "PINs by LeadHub" not in page


def test_a_connector_without_the_duty_is_no_reason_to_warn(sending: Connection) -> None:
    LeadSync.duties = frozenset({"something.else"})
    assert not with_duty("loyalty.pin_mail").exists()
    assert TWICE not in shown(mia().get(INDEX))


def test_support_is_not_warned(sending: Connection) -> None:
    assert TWICE not in shown(sam().get(INDEX))


# -- PIN mails ------------------------------------------------------------------------------------


@pytest.fixture
def stuck(settings: Any) -> PinMail:
    """A mail that no server took."""
    anna = customer(pin=CANARY)
    settings.EMAIL_BACKEND = "nowhere.Backend"
    send_pin_mails()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    return PinMail.objects.get(customer=anna)


def test_a_mail_that_could_not_be_sent_is_listed_with_its_reason_and_sent_again(
    stuck: PinMail, queued: Callable[[], int]
) -> None:
    client = mia()
    customer(2, pin="7310")  # waits, without a problem
    page = shown(client.get(PIN_MAILS))
    assert "The mail server did not take it" in page
    assert "anna1@example.test" in page
    assert "anna2@example.test" not in page
    before = queued()
    response = client.post(reverse("admin:loyalty_pinmail_send", args=[stuck.pk]), follow=True)
    assert "The mail is being sent." in shown(response)
    assert queued() == before + 1
    send_pin_mails()
    assert "anna1@example.test" in {message.to[0] for message in mail.outbox}
    assert "anna1@example.test" not in shown(client.get(PIN_MAILS))


def test_a_mail_that_was_sent_is_not_sent_again(stuck: PinMail) -> None:
    client = mia()
    client.post(reverse("admin:loyalty_pinmail_send", args=[stuck.pk]))
    send_pin_mails()
    response = client.post(reverse("admin:loyalty_pinmail_send", args=[stuck.pk]), follow=True)
    assert "no longer waits" in shown(response)
    send_pin_mails()
    assert len(mail.outbox) == 1


def test_the_mails_are_only_looked_at_by_support_and_by_post_only(stuck: PinMail) -> None:
    address = reverse("admin:loyalty_pinmail_send", args=[stuck.pk])
    support, marketing = sam(), mia(checks_csrf=True)
    assert "Send again" in shown(marketing.get(PIN_MAILS))
    assert address not in shown(support.get(PIN_MAILS))
    assert support.post(address).status_code == 403
    assert marketing.get(address).status_code == 403
    assert marketing.post(address).status_code == 403
    assert person("eve", None).get(PIN_MAILS).status_code == 403
    assert not PinMail.objects.filter(due_at__lt=stuck.due_at).exists()


# -- roles and the way there ----------------------------------------------------------------------


def test_the_sidebar_leads_each_role_to_what_it_may_open() -> None:
    settings_page = reverse("admin:loyalty_loyaltysettings_changelist")
    everywhere = (LIST, IMPORT, PIN_MAILS, settings_page)
    page = shown(mia().get(INDEX)).partition('id="content"')[0]
    assert [address for address in everywhere if f'href="{address}"' in page] == list(everywhere)
    page = shown(sam().get(INDEX)).partition('id="content"')[0]
    assert [address for address in everywhere if f'href="{address}"' in page] == [LIST, PIN_MAILS]
    page = shown(person("eve", None).get(INDEX)).partition('id="content"')[0]
    assert [address for address in everywhere if f'href="{address}"' in page] == []


def test_no_role_sees_pins_unless_somebody_says_so() -> None:
    anna = customer(pin=CANARY)
    for client in (mia(), sam()):
        page = shown(client.get(page_of(anna)))
        assert CANARY not in page
        assert "•••• (set on" in page
    assert CANARY in shown(person("eve", MARKETING, "view_pin").get(page_of(anna)))


@pytest.mark.parametrize("who", [mia, sam])
def test_no_page_shows_a_pin_to_those_who_may_not_see_it(who: Any, stuck: PinMail) -> None:
    client = who()
    move(stuck.customer, 50)
    if who is mia:
        client.post(page_of(stuck.customer, "pin"), {"pin": CANARY})
        client.post(page_of(stuck.customer, "pin"), {"pin": f"{CANARY}!"})
    seen = set()
    for address, response in crawl(client):
        seen.add(address)
        assert response.status_code == 200, address
        assert CANARY not in shown(response), address
    assert {LIST, page_of(stuck.customer), page_of(stuck.customer, "history")} <= seen


def test_even_those_who_see_pins_find_them_on_the_customers_page_only() -> None:
    client = mia("view_pin")
    anna = customer(pin=CANARY)
    client.post(page_of(anna, "pin"), {"pin": CANARY})
    pages = {address for address, response in crawl(client) if CANARY in shown(response)}
    assert {address.partition("?")[0] for address in pages} == {page_of(anna)}
