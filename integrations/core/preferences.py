"""Pages in the language and the time zone of who looks at them: as chosen under My settings, else as the browser's."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from integrations.core.models import Preferences

# In the session: what the user chose.
CHOSEN = "preferences"
# The browser's time zone; static/portal.js writes it.
ZONE_COOKIE = "timezone"


class PreferencesMiddleware:
    """After LocaleMiddleware, which has asked the browser, and AuthenticationMiddleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language, zone = chosen(request)
        if language:
            translation.activate(language)
            request.LANGUAGE_CODE = language
        known = known_zone(zone) or known_zone(request.COOKIES.get(ZONE_COOKIE, ""))
        with timezone.override(known) if known else nullcontext():
            return self.get_response(request)


@receiver(user_logged_in)
def remember(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """No page of the session has to ask the database again."""
    row = Preferences.objects.filter(user=user).values_list("language", "time_zone").first()
    request.session[CHOSEN] = list(row or ("", ""))


def chosen(request: HttpRequest) -> tuple[str, str]:
    """Language and time zone, each empty when the browser says."""
    language, zone = request.session.get(CHOSEN, ("", ""))
    return language, zone


def choose(request: HttpRequest, language: str, zone: str) -> None:
    """From the next page on. Other sessions of the user learn it at their next login."""
    user: Any = request.user
    Preferences.objects.update_or_create(user=user, defaults={"language": language, "time_zone": zone})
    request.session[CHOSEN] = [language, zone]


def known_zone(name: str) -> zoneinfo.ZoneInfo | None:
    """None: the portal's. A cookie says what it likes."""
    try:
        return zoneinfo.ZoneInfo(name) if name else None
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return None
