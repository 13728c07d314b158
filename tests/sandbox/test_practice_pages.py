"""What every practice vendor has, the next one too: faults in its own shape, and the pages to switch and see them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
import requests
from django.test import override_settings

from integrations.sandbox.server import VENDORS
from tests.sandbox_server import Account, Sandbox

# An API path each; the practice pages have others.
API_PATHS = {
    "leadsquared": "v2/UserManagement.svc/Users.Get",
    "leadhub": "segments",
    "flexpos": "v1/Customers",
    "heyloyalty": "loyalty/v1/lists",
    "raptor": "api/v3/audiences",
    "contacthub": "hub/v1/me",
    "contactsend": "soap/services",
}
# How answers are read that aren't JSON.
READERS: dict[str, Callable[[bytes], Any]] = {"contactsend": ElementTree.fromstring}
FIELD = re.compile(r'<input id="(\w+)" name="\w+" value="([^"]*)"|<select id="(\w+)".*?<option value="(\w+)" selected>')


@pytest.fixture(params=VENDORS, ids=lambda vendor: vendor.slug)
def practised(request: pytest.FixtureRequest, sandbox: Sandbox) -> Account:
    return Account(sandbox, request.param.slug, request.param.predefined[0])


def get(practised: Account, path: str) -> str:
    reply = requests.get(f"{practised.url}/{path}", timeout=10)
    assert reply.status_code == 200, reply.text
    return reply.text


def post(practised: Account, path: str, /, **form: Any) -> requests.Response:
    return requests.post(f"{practised.url}/{path}", data=form, timeout=10)


def call(practised: Account) -> requests.Response:
    return requests.get(f"{practised.url}/{API_PATHS[practised.path.split('/')[0]]}", timeout=10)


def read(practised: Account, body: bytes) -> Any:
    """Raises ValueError or ParseError (a SyntaxError)."""
    return READERS.get(practised.path.split("/")[0], json.loads)(body)


def test_every_page_leads_to_the_others(practised: Account) -> None:
    for path in ("", "faults", "ledger", "settings"):
        text = get(practised, path)
        assert f"account “{practised.name}”" in text
        for other in ("faults", "ledger", "settings"):
            assert f'href="/{practised.path}/{other}"' in text


def test_faults_are_switched_by_buttons(practised: Account) -> None:
    assert "Switched on: 429" in post(practised, "faults", kind="too_many", times="3", path="Bulk", seconds="4").text
    (fault,) = practised.faults()
    assert (fault["kind"], fault["times"], fault["path"], fault["retry_after"]) == ("too_many", 3, "Bulk", 4)
    post(practised, "faults", action="clear")
    assert practised.faults() == []
    assert post(practised, "faults", kind="slow", times="many").status_code == 400


@pytest.mark.parametrize("kind", ["truncated_json", "wrong_charset"])
def test_a_spoilt_answer_has_the_vendors_own_shape(practised: Account, kind: str) -> None:
    practised.fault(kind)
    spoilt = call(practised)
    with pytest.raises((ValueError, SyntaxError), match=r".+"):
        read(practised, spoilt.content)
    vendor = next(vendor for vendor in VENDORS if practised.path.startswith(vendor.slug))()
    assert spoilt.text.startswith(vendor.written_sample()[:30])
    assert spoilt.headers["Content-Type"].startswith(vendor.content_type.partition(";")[0])


@pytest.mark.parametrize("kind", ["deep_json", "huge_body"])
def test_a_boundless_answer_has_the_vendors_own_shape(practised: Account, kind: str) -> None:
    practised.fault(kind, size_mb=1)
    vendor = next(vendor for vendor in VENDORS if practised.path.startswith(vendor.slug))
    opening, closing = vendor.deep if kind == "deep_json" else vendor.huge
    spoilt = call(practised).content
    assert (spoilt.startswith(opening), spoilt.endswith(closing)) == (True, True)


@pytest.mark.parametrize(
    ("kind", "status"), [("unauthorized", 401), ("too_many", 429), ("limit_in_200", 200), ("app_error", 500)]
)
def test_refusals_are_what_the_vendor_speaks(practised: Account, kind: str, status: int) -> None:
    practised.fault(kind)
    refused = call(practised)
    assert refused.status_code == status
    assert len(read(practised, refused.content)) > 0


def test_a_call_is_on_the_ledger_page_with_its_fault(practised: Account) -> None:
    practised.fault("dropped")
    with pytest.raises(requests.ConnectionError):
        call(practised)
    text = get(practised, "ledger")
    assert f"GET {API_PATHS[practised.path.split('/')[0]]}" in text
    assert "no answer" in text
    assert "dropped" in text


@override_settings(LANGUAGE_CODE="da")
def test_the_settings_form_can_be_sent_back_in_a_language_with_decimal_commas(practised: Account) -> None:
    before = practised.settings(latency_ms=0.5)
    found = FIELD.findall(get(practised, "settings"))
    form = {name or choice: value or chosen for name, value, choice, chosen in found}
    assert form["latency_ms"] == "0.5"
    boxes = {name: "on" for name, value in before.items() if value is True and name not in form}
    assert "saved" in post(practised, "settings", **form, **boxes).text
    assert practised.settings() == before
