"""How Heyloyalty says no: `{"error": …}` for what it was sent, `{"message": …, "code": …}` for everything else."""

from __future__ import annotations

from integrations.sandbox.errors import VendorError, retry_after


class HeyloyaltyError(VendorError):
    """An error as Heyloyalty answers it."""


def coded(message: str, status: int, headers: dict[str, str] | None = None) -> HeyloyaltyError:
    return HeyloyaltyError(message, status, {"message": message, "code": status}, headers)


def invalid(message: str) -> HeyloyaltyError:
    return HeyloyaltyError(message, 400, {"error": message})


def not_found(message: str = "Not Found") -> HeyloyaltyError:
    return coded(message, 404)


def unauthorized() -> HeyloyaltyError:
    return coded("Unauthorized", 401)


def too_many(wait: int | None = None) -> HeyloyaltyError:
    return coded("Too Many Requests", 429, retry_after(wait))


def no_tracking() -> HeyloyaltyError:
    message = "No list has a tracking integration with this id"
    return HeyloyaltyError(message, 400, {"status": "error", "error": message})
