"""Raptor's errors: a status and `{"error"}`. Nothing public says what they look like: all of it is our proposal."""

from __future__ import annotations

from integrations.sandbox.errors import VendorError, retry_after


class RaptorError(VendorError):
    """An error as Raptor reports it. `wait`: seconds to name in Retry-After."""

    def __init__(self, status: int, error: str, wait: int | None = None) -> None:
        super().__init__(error, status, {"error": error}, retry_after(wait))


def unauthorized() -> RaptorError:
    return RaptorError(401, "Invalid API key")


def missing(what: str) -> RaptorError:
    """`what`: Audience, Profile, …"""
    return RaptorError(404, f"{what} not found")


def expired() -> RaptorError:
    return RaptorError(410, "Sequence number expired")


def invalid(error: str) -> RaptorError:
    return RaptorError(400, error)


def over_limit(wait: int | None = None) -> RaptorError:
    return RaptorError(429, "Too many requests", wait)
