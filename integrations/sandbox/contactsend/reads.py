"""The operations that read. Each answers with its `return`: an element, or what one is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from integrations.sandbox.contactsend.calls import ATTRIBUTE, LOOKUP, PAGINATION, SUBSCRIPTION, ApiCall, Part
from integrations.sandbox.contactsend.errors import malformed
from integrations.sandbox.contactsend.searching import (
    ASCENDING,
    DESCENDING,
    MODES_OF_2016,
    PAGE,
    descends,
    filters_of,
    found,
    sorting_of,
    test_of,
)
from integrations.sandbox.contactsend.soap import Typed, Xml, element
from integrations.sandbox.contactsend.sources import Source
from integrations.sandbox.contactsend.values import sent_text, typed


def page(items: Sequence[Any], number: int, size: int, tell: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """Page `number` (from 1); one beyond the last is empty."""
    start = (number - 1) * size
    return {
        "currentPageNumber": number,
        "maxPageNumber": -(-len(items) // size),
        "currentPageItems": [tell(item) for item in items[start : start + size]],
    }


def page_number(part: Part | None, name: str) -> int:
    number = part.number(name) if part is not None and part.text(name) else 1
    if number < 1:
        raise malformed(f"{name} is at least 1")
    return number


def lookup_of(call: ApiCall) -> tuple[str, str, int]:
    """Matching mode, sorting mode and page number. Without `lookupPrefs`: EQUALS, DESCENDING, 1."""
    part = call.part("lookupPrefs", LOOKUP)
    if part is None:
        return "EQUALS", DESCENDING, 1
    mode, order = part.text("matchingMode"), part.text("sortingMode")
    if mode not in MODES_OF_2016:
        raise malformed(f"No matchingMode {mode}")
    descends(order)
    return mode, order, page_number(part, "pageNumber")


def find_sources(call: ApiCall) -> Xml:
    _, order, number = lookup_of(call)
    sources = sorted(call.account.sources.values(), key=lambda one: one.identifier, reverse=order == DESCENDING)
    return element("return", page(sources, number, PAGE, lambda one: told_source(one, call)))


def get_source(call: ApiCall) -> Xml:
    return element("return", told_source(call.source(), call))


def told_source(source: Source, call: ApiCall) -> dict[str, Any]:
    """The newer service tells a little more than that of 2016."""
    newer = not call.account.service_2016
    return {
        "identifier": source.identifier,
        "name": source.name,
        "description": source.description,
        "subscriberIdentifierFieldName": source.identifier_field,
        **({"hasExternalKey": source.own_identifier} if newer else {}),
        "fields": [
            {
                "name": field.name,
                "type": field.type,
                "emailField": field.email,
                "phoneField": field.phone,
                "faxField": False,
                **({"pushField": False, "fieldType": "CUSTOM"} if newer else {}),
            }
            for field in source.fields.values()
        ],
        "charset": "ISO_8859_15",
        "locked": source.locked,
        "readOnly": source.read_only,
    }


def is_locked(call: ApiCall) -> bool:
    return call.source("subscriberSourceId").locked


def count_subscribers(call: ApiCall) -> int:
    return len(call.source().subscribers)


def find_subscribers(call: ApiCall) -> Xml:
    source, (mode, order, number) = call.source(), lookup_of(call)
    attribute = call.part("attribute", ATTRIBUTE)
    tests = []
    if attribute is not None:
        key = attribute.text("key")
        tests = [test_of(source, key, mode, [sent_text(key, attribute.element.find("value"))])]
    identifiers = found(source, tests, order=order)
    return element("return", page(identifiers, number, PAGE, lambda one: told_subscriber(source, one)))


def find_subscribers_by(call: ApiCall) -> Xml:
    source, pagination = call.source(), call.part("pagination", PAGINATION)
    if call.text("useBaseFilter") not in ("true", "false", "1", "0"):
        raise malformed("useBaseFilter is missing")
    identifiers = found(source, filters_of(source, call), sorting_of(pagination), ASCENDING)
    size = page_number(pagination, "pageSize") if pagination is not None and pagination.text("pageSize") else PAGE
    only = [selected.text or "" for selected in call.element.findall("selectedAttribute")]
    for name in only:
        source.field_of(name)
    number = page_number(pagination, "currentPage")
    size = min(size, call.account.page_cap)
    return element("return", page(identifiers, number, size, lambda one: told_subscriber(source, one, only)))


def get_subscriber(call: ApiCall) -> Xml:
    source, identifier = call.source(), call.number("subscriberIdentifier")
    source.values_of(identifier)
    return element("return", told_subscriber(source, identifier))


def told_subscriber(source: Source, identifier: int, only: Sequence[str] = ()) -> dict[str, Any]:
    values: dict[str, Typed] = {
        name: typed(source.fields[name].type, text)
        for name, text in source.shown(identifier).items()
        if not only or name in only
    }
    return {"identifier": identifier, "attributes": [{"key": key, "value": value} for key, value in values.items()]}


def find_subscriptions_by(call: ApiCall) -> Xml:
    part, pagination = call.part("attributes", SUBSCRIPTION), call.part("pagination", PAGINATION)
    sources = list(call.account.sources.values())
    if part is not None and part.text("subscriberSourceId"):
        sources = [call.account.source_of(part.number("subscriberSourceId"))]
    rows = [one for source in sources for one in source.subscriptions]
    number = page_number(pagination, "currentPage")
    size = page_number(pagination, "pageSize") if pagination is not None and pagination.text("pageSize") else PAGE
    return element("return", page(rows, number, min(size, call.account.page_cap), told_subscription))


def told_subscription(one: Any) -> dict[str, Any]:
    return {"id": one.id, "name": one.name, "registrationField": one.field, "webformCode": one.code}
