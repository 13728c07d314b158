"""Whom a page is about, without saying it in its address.

Addresses end up in browser histories, proxies' logs and referrers; an e-mail address or a phone number must not. So a
search is a POST, and what was searched for stays in the user's session, encrypted, under a random token that stands in
the address in its place. The token says nothing to anybody else, and is forgotten with the session.
"""

from __future__ import annotations

import secrets
from typing import Any

from cryptography.fernet import InvalidToken
from django.http import Http404, HttpRequest

from integrations.core.models import EventPayload

SESSION_KEY = "persons"
# So many searches can be gone back to.
KEPT = 20


def keep(request: HttpRequest, term: str) -> str:
    """The token under which this session finds the term again."""
    token = secrets.token_urlsafe(12)
    kept = dict(request.session.get(SESSION_KEY, {}))
    kept[token] = _cipher().encrypt(term.encode()).decode()
    request.session[SESSION_KEY] = dict(list(kept.items())[-KEPT:])
    return token


def term_of(request: HttpRequest, token: str) -> str:
    """Raises Http404 for a token of another session, or one that was forgotten."""
    try:
        term: bytes = _cipher().decrypt(request.session.get(SESSION_KEY, {})[token].encode())
    except (KeyError, InvalidToken):
        raise Http404 from None
    return term.decode()


def forget(request: HttpRequest, token: str) -> None:
    kept = dict(request.session.get(SESSION_KEY, {}))
    kept.pop(token, None)
    request.session[SESSION_KEY] = kept


def _cipher() -> Any:
    return EventPayload._meta.get_field("body").fernet
