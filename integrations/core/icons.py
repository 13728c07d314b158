"""An icon is a ligature: to a screen reader it is a word, and "person_search Persons" the name of a link."""

from __future__ import annotations

import re

from django.template.base import Origin
from django.template.loaders import app_directories
from django.utils.translation import gettext_noop

ICON = re.compile(r"<(?P<tag>span|div)\b(?P<attributes>[^<>]*\bmaterial-symbols-outlined\b[^<>]*)>")
# With one of these it says something by itself, or is what one presses.
NOT_DECORATION = ("aria-hidden", "title=", "x-on:click=")
# Buttons that have nothing but an icon.
SEARCH_BUTTON = re.compile(r'id="(?:searchbar|command)-submit"')
SEARCH_NAME = r'\g<0> aria-label="{% translate "Search" %}"'
# It opens and closes the sidebar; by itself, for a mouse only.
SIDEBAR_ICON = re.compile(r"(?<=<span )(?=[^<>]*\bmaterial-symbols-outlined\b[^<>]*\bsidebar(?:Desktop|Mobile)Open\b)")
MENU = gettext_noop("Menu")
AS_A_BUTTON = (
    f'role="button" tabindex="0" aria-label="{{% load i18n %}}{{% translate "{MENU}" %}}" '
    'x-on:keydown.enter="$el.click()" x-on:keydown.space.prevent="$el.click()" '
)


class Loader(app_directories.Loader):
    """Reads the apps' templates, unfold's among them, with their icons hidden from screen readers.

    Here, and not in copies of the fifty templates that have icons: those would have to follow unfold.
    """

    def get_contents(self, origin: Origin) -> str:
        return without_spoken_icons(super().get_contents(origin))


def without_spoken_icons(source: str) -> str:
    """A template in which icons that only decorate are `aria-hidden`, and a button with nothing else has a name."""
    hidden = ICON.sub(_hidden, source)
    return SIDEBAR_ICON.sub(AS_A_BUTTON, SEARCH_BUTTON.sub(SEARCH_NAME, hidden))


def _hidden(icon: re.Match[str]) -> str:
    if any(name in icon["attributes"] for name in NOT_DECORATION):
        return icon[0]
    return f'<{icon["tag"]} aria-hidden="true"{icon["attributes"]}>'
