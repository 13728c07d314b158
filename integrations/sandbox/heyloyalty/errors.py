"""How Heyloyalty says no: `{"error": …}` for what it was sent, `{"message": …, "code": …}` for everything else."""

from __future__ import annotations

from typing import Any


class HeyloyaltyError(ValueError):
    """An error as Heyloyalty answers it: `body` is its JSON."""

    def __init__(self, message: str, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body = body
        self.headers = headers or {}


def coded(message: str, status: int, headers: dict[str, str] | None = None) -> HeyloyaltyError:
    return HeyloyaltyError(message, status, {"message": message, "code": status}, headers)


def invalid(message: str) -> HeyloyaltyError:
    return HeyloyaltyError(message, 400, {"error": message})


def not_found(message: str = "Not Found") -> HeyloyaltyError:
    return coded(message, 404)


def unauthorized() -> HeyloyaltyError:
    return coded("Unauthorized", 401)


def too_many(retry_after: int | None = None) -> HeyloyaltyError:
    return coded("Too Many Requests", 429, {} if retry_after is None else {"Retry-After": str(retry_after)})


def no_tracking() -> HeyloyaltyError:
    message = "No list has a tracking integration with this id"
    return HeyloyaltyError(message, 400, {"status": "error", "error": message})
