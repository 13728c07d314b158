"""Tokens: borrowed for the keys, good for a while, kept alive or given back."""

from __future__ import annotations

import time
from uuid import uuid4

from integrations.sandbox.contactsend.errors import wrong_token


class Tokens:
    """Guarded by the account's lock. Using a token doesn't prolong it: the stricter reading of “idle”."""

    def __init__(self) -> None:
        self.ends: dict[str, float] = {}
        self.borrowed = 0

    def borrow(self, seconds: float) -> str:
        token = uuid4().hex
        self.ends[token] = time.monotonic() + seconds
        self.borrowed += 1
        return token

    def check(self, token: str) -> None:
        """Raises ContactsendError."""
        if self.ends.get(token, 0.0) <= time.monotonic():
            self.ends.pop(token, None)
            raise wrong_token()

    def keep_alive(self, token: str, seconds: float) -> None:
        """Raises ContactsendError."""
        self.check(token)
        self.ends[token] = time.monotonic() + seconds

    def invalidate(self, token: str) -> None:
        self.check(token)
        del self.ends[token]

    def expire(self) -> None:
        self.ends.clear()
