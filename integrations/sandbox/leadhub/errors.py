"""LeadHub's errors: a status and `{"error_code", "message"}`. The codes of 405, 429 and 500 are our own guess."""

from __future__ import annotations

from integrations.sandbox.errors import VendorError, retry_after


class LeadHubError(VendorError):
    """An error as LeadHub reports it. `wait`: seconds to name in Retry-After."""

    def __init__(self, status: int, code: str, message: str = "", wait: int | None = None) -> None:
        body = {"error_code": code} | ({"message": message} if message else {})
        super().__init__(message or code, status, body, retry_after(wait))


def unauthorized() -> LeadHubError:
    return LeadHubError(401, "unauthorized")


def invalid(message: str) -> LeadHubError:
    return LeadHubError(422, "validation_error", message)


def missing(what: str) -> LeadHubError:
    """`what`: profile, job, …"""
    return LeadHubError(404, f"{what}_not_found")


def over_limit(wait: int | None = None) -> LeadHubError:
    return LeadHubError(429, "too_many_requests", "Too many requests", wait)
