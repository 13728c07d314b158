"""In whose name a file of settings is applied: no person's, yet history must say that it was done this way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import User
from django.http import HttpRequest

from integrations.core.history import recorded_as

NAME = "config apply"


class Told:
    """What pages say to their user."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def add(self, level: int, message: object, extra_tags: str = "") -> None:
        self.texts.append(str(message))


def operators_request() -> HttpRequest:
    """A request as the pages' own code takes it. Its user may do everything, and is saved nowhere."""
    request = HttpRequest()
    request.user = User(username=NAME, is_superuser=True)
    request._messages = Told()  # type: ignore[attr-defined]
    return request


def told(request: HttpRequest) -> list[str]:
    texts: list[str] = request._messages.texts  # type: ignore[attr-defined]
    return texts


@contextmanager
def recorded(request: HttpRequest) -> Iterator[None]:
    """What is written inside is in history as this request's. Its user gets a row that nobody can sign in with."""
    row, _ = User.objects.get_or_create(username=NAME, defaults={"is_active": False, "password": "!"})
    request.user.pk = row.pk
    with recorded_as(request.user):
        yield
