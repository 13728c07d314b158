"""Icons are ligatures: no page may say them aloud, and what has only an icon needs a name."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from django.test import Client

from integrations.core.icons import without_spoken_icons
from tests.crawl import crawl

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
CONTROLS = ("a", "button")


class Heard(HTMLParser):
    """What a screen reader reads of a page: `spoken` are icons it takes for words, `nameless` links and buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.name: list[str] = []
        self.spoken: list[str] = []
        self.nameless: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag in CONTROLS:
            self.name = [attributes.get("aria-label") or attributes.get("title") or ""]
        elif attributes.get("alt") or attributes.get("title"):
            self.name.append("named")
        if tag not in VOID:
            self.open.append((tag, attributes))

    def handle_endtag(self, tag: str) -> None:
        while self.open:
            name, attributes = self.open.pop()
            if name == tag:
                break
        if tag in CONTROLS and not "".join(self.name).strip() and "href" in attributes | {"href": tag}:
            self.nameless.append(str(attributes))

    def handle_data(self, data: str) -> None:
        if not data.strip() or any(attributes.get("aria-hidden") == "true" for _, attributes in self.open):
            return
        self.name.append(data)
        attributes = self.open[-1][1] if self.open else {}
        named = attributes.get("title") or attributes.get("aria-label")
        if "material-symbols-outlined" in (attributes.get("class") or "") and not named:
            self.spoken.append(data.strip())


@pytest.mark.django_db
def test_no_page_says_an_icon_aloud_and_every_link_and_button_has_a_name(admin_client: Client) -> None:
    wrong, pages = {}, 0
    for address, response in crawl(admin_client):
        if "text/html" in response.get("Content-Type", ""):
            heard = Heard()
            heard.feed(response.content.decode())
            pages += 1
            if heard.spoken or heard.nameless:
                wrong[address] = (heard.spoken, heard.nameless)
    assert pages > 30
    assert wrong == {}


def test_an_icon_that_says_something_or_is_pressed_stays() -> None:
    for kept in (
        '<span class="material-symbols-outlined" title="Help">help</span>',
        '<span class="material-symbols-outlined" x-on:click="open = true">menu</span>',
        '<span aria-hidden="true" class="material-symbols-outlined">sync</span>',
        '<link href="material-symbols/styles.css">',
    ):
        assert without_spoken_icons(kept) == kept


def test_what_opens_the_sidebar_is_a_button_with_a_name() -> None:
    source = '<span class="material-symbols-outlined" x-on:click="sidebarMobileOpen = true">menu</span>'
    button = without_spoken_icons(source)
    assert button.startswith('<span role="button" tabindex="0" aria-label="') and button.endswith(source[6:])


def test_any_other_icon_is_hidden() -> None:
    source = '<a>\n<span class="mr-2 material-symbols-outlined">\n{{ icon }}</span> Persons</a>'
    hidden = '<a>\n<span aria-hidden="true" class="mr-2 material-symbols-outlined">\n{{ icon }}</span> Persons</a>'
    assert without_spoken_icons(source) == hidden
