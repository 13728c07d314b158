"""What the errors of all practised vendors have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class VendorError(Exception):
    """An error as a vendor answers it: a status, JSON and perhaps headers. Its text is for control calls and pages."""

    def __init__(self, text: str, status: int, body: dict[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.body = body
        self.headers = headers


def retry_after(seconds: int | None) -> dict[str, str]:
    """The header of this name; none without a number of seconds."""
    return {} if seconds is None else {"Retry-After": str(seconds)}
