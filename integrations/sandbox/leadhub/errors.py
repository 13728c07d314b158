"""LeadHub's errors: a status and `{"error_code", "message"}`. The codes of 405, 429 and 500 are our own guess."""

from __future__ import annotations


class LeadHubError(ValueError):
    """An error as LeadHub reports it. `retry_after`: seconds to name in that header."""

    def __init__(self, status: int, code: str, message: str = "", retry_after: int | None = None) -> None:
        super().__init__(message or code)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after

    def body(self) -> dict[str, str]:
        return {"error_code": self.code} | ({"message": self.message} if self.message else {})


def unauthorized() -> LeadHubError:
    return LeadHubError(401, "unauthorized")


def invalid(message: str) -> LeadHubError:
    return LeadHubError(422, "validation_error", message)


def missing(what: str) -> LeadHubError:
    """`what`: profile, job, …"""
    return LeadHubError(404, f"{what}_not_found")


def over_limit(retry_after: int | None = None) -> LeadHubError:
    return LeadHubError(429, "too_many_requests", "Too many requests", retry_after)
