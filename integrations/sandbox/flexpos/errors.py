"""How FlexPOS says no: `{"Message": …}`, and OAuth2's own form where tokens are given out."""

from __future__ import annotations

from typing import Any

from integrations.sandbox.errors import VendorError, retry_after


class FlexPOSError(VendorError):
    """An error as FlexPOS answers it. `wait`: seconds to name in Retry-After."""

    def __init__(self, status: int, body: dict[str, Any], wait: int | None = None) -> None:
        super().__init__(next(reversed(body.values())), status, body, retry_after(wait))


def refused(message: str, status: int = 400) -> FlexPOSError:
    return FlexPOSError(status, {"Message": message})


def unauthorized() -> FlexPOSError:
    return refused("Authorization has been denied for this request.", 401)


def too_many(limit: int, wait: int | None) -> FlexPOSError:
    return FlexPOSError(429, {"Message": f"API calls exceeded the limit of {limit} per minute."}, wait)


def token_refused(error: str, description: str, status: int = 400) -> FlexPOSError:
    return FlexPOSError(status, {"error": error, "error_description": description})


def unknown_client() -> FlexPOSError:
    return token_refused("invalid_client", "Unknown client", 401)
