"""How Contacthub says no: `{"message", "logref", "data", "errors"}`.

The texts of 401, 409 and of a missing workspace or node are the vendor's (the typo, too); the others are our own guess.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import uuid4

from integrations.sandbox.errors import VendorError, retry_after


class Problem(NamedTuple):
    """What is wrong with what was sent; `path` is a JSON pointer (`/base/contacts/email`)."""

    message: str
    path: str


class HubError(VendorError):
    """An error as Contacthub answers it. `wait`: seconds to name in Retry-After."""

    def __init__(
        self,
        status: int,
        message: str,
        data: dict[str, Any] | None = None,
        problems: Iterable[Problem] = (),
        wait: int | None = None,
    ) -> None:
        errors = [{"message": text, "path": path, "data": None, "code": None} for text, path in problems]
        body = {"message": message, "logref": str(uuid4()), "data": data, "errors": errors}
        said = "; ".join((message, *(f"{error['path']}: {error['message']}" for error in errors)))
        super().__init__(said, status, body, retry_after(wait))


def unauthorized() -> HubError:
    return HubError(401, "The client is not authorized to access the API")


def no_workspace(workspace: str) -> HubError:
    return HubError(403, f"workspace not found: {workspace}")


def forbidden(role: str) -> HubError:
    return HubError(403, f"The role {role} is not allowed to make this call")


def no_node(node: str) -> HubError:
    return HubError(404, f"node not found {node}")


def missing(what: str, record_id: str) -> HubError:
    """`what`: customer, subscription, source."""
    return HubError(404, f"{what} not found {record_id}")


def invalid(problems: Iterable[Problem], what: str = "customer") -> HubError:
    return HubError(400, f"source {what} is not valid", problems=problems)


def bad_request(message: str) -> HubError:
    return HubError(400, message)


def conflict(customer_id: str, href: str, told: bool) -> HubError:
    """`told`: whether `data` names the customer; to an untrusted source it doesn't."""
    data = {"customer": {"id": customer_id, "href": href}} if told else None
    return HubError(
        409, f"Conflict with exiting customer {customer_id}" if told else "Conflict with exiting customer", data
    )


def reindexing() -> HubError:
    return HubError(423, "The workspace is being reindexed")


def too_many(wait: int | None = None) -> HubError:
    return HubError(429, "Too Many Requests", wait=wait)
