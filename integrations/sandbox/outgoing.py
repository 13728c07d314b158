"""What practice vendors send by themselves, webhooks and pushes: tried three times, answered or not."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Protocol

import requests

TRIES = 3
REASON_LENGTH = 300
# Status (None: no answer) and the answer's text, shortened.
Answered = tuple[int | None, str]


class Outgoing(Protocol):
    """`state`: pending, delivered or failed."""

    state: str
    tries: int
    status: int | None
    reason: str


def outward() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


def post(session: requests.Session, url: str, timeout: float, **content: Any) -> Answered:
    """`content` is what requests takes: json, data, headers."""
    try:
        response = session.post(url, timeout=timeout, allow_redirects=False, **content)
    except requests.RequestException as error:
        return None, f"No answer: {type(error).__name__}"
    return response.status_code, response.text[:REASON_LENGTH]


def deliver(
    outgoing: Outgoing, send: Callable[[], Answered], pause: Callable[[], bool], taken: Collection[int] = ()
) -> bool:
    """Up to three tries; a 2xx counts as delivered, and so do the statuses of `taken`. False: none of them was, and it
    is for the caller to say so. `pause` waits between two tries, and returns True when there is to be no other."""
    for attempt in range(1, TRIES + 1):
        outgoing.tries = attempt
        outgoing.status, outgoing.reason = send()
        if outgoing.status is not None and (200 <= outgoing.status < 300 or outgoing.status in taken):
            outgoing.state = "delivered"
            return True
        if attempt < TRIES and pause():
            break
    return False
