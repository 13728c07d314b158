"""What calls are made of: parts of several operations. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.connectors.contactsend.send_values import Typed

# How many a page has: of the service of 2016, and what is asked of the present one.
SMALL_PAGE, PAGE = 15, 100
ASCENDING = "ASCENDING"
EQUALS, LIKE = "EQUALS", "LIKE"

Request = dict[str, Any]


def token(token: str) -> Request:
    return {"token": {"content": token}}


def prefs(number: int, mode: str = EQUALS) -> Request:
    return {"pageNumber": number, "matchingMode": mode, "sortingMode": ASCENDING}


def lookup(number: int) -> Request:
    return {"lookupPrefs": prefs(number)}


def pagination(number: int, identifier_field: str = "") -> Request:
    sorting = [{"sortField": identifier_field, "sortOrder": ASCENDING}] if identifier_field else []
    return {"sorting": sorting, "currentPage": number, "pageSize": PAGE}


def where(changed_field: str, since: Typed | None) -> list[Request]:
    if not changed_field or since is None:
        return []
    mode = "GREATER_EQUALS"
    return [{"attributeName": changed_field, "attributeValue": since, "lookupMatchingMode": mode}]


def subscriber(values: Mapping[str, Typed], identifier: int | None) -> Request:
    attributes = [{"key": name, "value": value} for name, value in values.items()]
    own = {} if identifier is None else {"identifier": identifier}
    return {**own, "attributes": attributes}
