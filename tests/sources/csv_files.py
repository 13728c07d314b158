"""Uploading a CSV file as a browser does, with the worker's part done at once."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from integrations.core.imports.work import work
from integrations.core.models import Import
from tests.sources.loyalty.people import shown

# Where a file that is being looked at leaves something.
TABLES = ("core_import", "core_importfile")
SOURCES = {"customers": "loyalty_customer", "movements": "loyalty_customer"}


def address(kind: str, page: str = "kind", *parts: int) -> str:
    return reverse(f"admin:{SOURCES.get(kind, 'cdp_person')}_import_{page}", args=[kind, *parts])


def page_of(one: Import, page: str = "job") -> str:
    return address(one.kind, page, one.pk)


def send(client: Client, content: str | bytes, kind: str = "customers") -> Any:
    raw = content.encode() if isinstance(content, str) else content
    return client.post(address(kind), {"file": SimpleUploadedFile("file.csv", raw, "text/csv")})


def uploaded(client: Client, content: str | bytes, kind: str = "customers") -> Import:
    """Not checked yet."""
    response = send(client, content, kind)
    assert response.status_code == 302, shown(response)
    return Import.objects.latest("pk")


def checked(client: Client, content: str | bytes, kind: str = "customers") -> Import:
    work((one := uploaded(client, content, kind)).pk)
    one.refresh_from_db()
    return one


def started(client: Client, content: str | bytes, kind: str = "customers", keep: str = "good") -> Import:
    """Checked, and Import pressed; no worker has begun."""
    one = checked(client, content, kind)
    client.post(page_of(one, "start"), {"keep": keep})
    one.refresh_from_db()
    return one


def text_of(client: Client, one: Import) -> str:
    """Of its page, without what is around it."""
    return shown(client.get(page_of(one))).partition('id="import-job"')[2]


def check(client: Client, content: str | bytes, kind: str = "customers") -> str:
    """What the page says the file would do, or why it can't be taken."""
    response = send(client, content, kind)
    if response.status_code != 302:
        return shown(response).partition('id="import-form"')[2].partition("</form>")[0]
    one = Import.objects.latest("pk")
    work(one.pk)
    return text_of(client, one)


def load(client: Client, content: str | bytes, kind: str = "customers", keep: str = "good") -> str:
    """Check, then Import: what the page says became of it."""
    one = started(client, content, kind, keep)
    work(one.pk)
    return text_of(client, one)


def counted(page: str, label: str) -> int:
    """The number that stands under a label."""
    return int((page.partition(f"<dt>{label}</dt><dd>")[2].partition("<")[0] or "0").replace(",", ""))
