"""The two APIs of an account, main and attractions: each has its own clients, tokens and limit."""

from __future__ import annotations

import hmac
import math
import secrets
from collections.abc import Mapping

from integrations.sandbox.flexpos.errors import token_refused, too_many, unauthorized, unknown_client
from integrations.sandbox.recent import RecentCalls


class Realm:
    """Guarded by the account's lock."""

    def __init__(self) -> None:
        self.tokens: dict[str, int] = {}
        """Token -> the instant it expires at."""
        self.recent = RecentCalls()

    def give_token(self, form: Mapping[str, str], pair: tuple[str, str], now: int, seconds: int) -> dict[str, object]:
        """OAuth2 client credentials. Raises FlexPOSError."""
        if form.get("grant_type") != "client_credentials":
            raise token_refused("unsupported_grant_type", "grant_type must be client_credentials")
        given = f"{form.get('client_id', '')}\n{form.get('client_secret', '')}"
        if not hmac.compare_digest(given.encode(), "\n".join(pair).encode()):
            raise unknown_client()
        self.tokens = {token: until for token, until in self.tokens.items() if until > now}
        token = f"eyJ{secrets.token_urlsafe(24)}"
        self.tokens[token] = now + seconds
        return {"access_token": token, "token_type": "Bearer", "expires_in": seconds}

    def refuse_wrong_token(self, header: str, now: int) -> None:
        """Raises FlexPOSError for a token that is unknown here, or expired."""
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or self.tokens.get(token, now) <= now:
            raise unauthorized()

    def refuse_above_limit(self, limit: int, minute_s: float) -> None:
        """Counts a call in its sliding window; 0 lifts the limit. Raises FlexPOSError above it."""
        wait = self.recent.take(limit, minute_s)
        if wait is not None:
            raise too_many(limit, max(1, math.ceil(wait)))
