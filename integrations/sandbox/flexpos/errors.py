"""How FlexPOS says no: `{"Message": …}`, and OAuth2's own form where tokens are given out."""

from __future__ import annotations

from typing import Any


class FlexPOSError(Exception):
    """An answer other than 200. `retry_after` is in seconds."""

    def __init__(self, status: int, body: dict[str, Any], retry_after: int | None = None) -> None:
        super().__init__(next(reversed(body.values())))
        self.status = status
        self.body = body
        self.retry_after = retry_after


def refused(message: str, status: int = 400) -> FlexPOSError:
    return FlexPOSError(status, {"Message": message})


def unauthorized() -> FlexPOSError:
    return refused("Authorization has been denied for this request.", 401)


def too_many(limit: int, retry_after: int | None) -> FlexPOSError:
    return FlexPOSError(429, {"Message": f"API calls exceeded the limit of {limit} per minute."}, retry_after)


def token_refused(error: str, description: str, status: int = 400) -> FlexPOSError:
    return FlexPOSError(status, {"error": error, "error_description": description})


def unknown_client() -> FlexPOSError:
    return token_refused("invalid_client", "Unknown client", 401)
