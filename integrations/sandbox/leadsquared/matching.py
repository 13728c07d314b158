"""Which lead a payload belongs to. The two rules differ: Lead.Capture's own order, and the upserts' search keys."""

from __future__ import annotations

from typing import Any

from integrations.sandbox.leadsquared.errors import invalid, malformed
from integrations.sandbox.leadsquared.store import LeadStore, Values

DEFAULT_KEYS = ("EmailAddress", "Phone")
NAMES = ("FirstName", "LastName", "EmailAddress", "Phone")


def attributes_of(pairs: Any) -> tuple[dict[str, Any], str | None]:
    """Attributes and SearchBy of a list of `{"Attribute", "Value"}`. Raises MXError (400) for another shape."""
    attributes: dict[str, Any] = {}
    try:
        for pair in pairs:
            attributes[pair["Attribute"]] = pair.get("Value")
    except (TypeError, KeyError, AttributeError):
        raise malformed("A lead is a list of objects with Attribute and Value") from None
    search_by = attributes.pop("SearchBy", None)
    return attributes, str(search_by) if search_by else None


def for_upsert(store: LeadStore, values: Values, search_by: str | None, lead_id: str | None) -> tuple[str | None, str]:
    """The lead to update (None: create) and the value it was looked up by. E-mail first, then phone, or SearchBy."""
    if search_by:
        value = searched(values, search_by, lead_id)
        return store.find(search_by, value), value
    return by_default_keys(store, values)


def for_capture(store: LeadStore, values: Values, search_by: str | None, lead_id: str | None) -> tuple[str | None, str]:
    """As for_upsert, by Lead.Capture's rules: id, then e-mail, then phone; an id whose e-mail differs is a new lead."""
    email, phone = values.get("EmailAddress"), values.get("Phone")
    if search_by and not (lead_id and email and phone):
        value = searched(values, search_by, lead_id)
        return store.find(search_by, value), value
    found = store.find("ProspectID", lead_id)
    if found:
        own = store.leads[found].get("EmailAddress") or ""
        same = not email or own.lower() == email.lower()
        return (found if same else None), found if same else email or ""
    return by_default_keys(store, values)


def by_default_keys(store: LeadStore, values: Values) -> tuple[str | None, str]:
    """E-mail, then phone. For a new lead the first of them that has a value is the key."""
    for name in DEFAULT_KEYS:
        found = store.find(name, values.get(name)) if name in store.unique else None
        if found:
            return found, values.get(name) or ""
    return None, next((value for name in DEFAULT_KEYS if (value := values.get(name))), "")


def searched(values: Values, search_by: str, lead_id: str | None) -> str:
    value = lead_id if search_by == "ProspectID" else values.get(search_by)
    if not value:
        raise invalid(f"SearchBy names '{search_by}', which has no value")
    return value


def refuse_nameless(values: Values) -> None:
    """A new lead needs a name, an e-mail address or a phone number. Raises MXError."""
    if not any(values.get(name) for name in NAMES):
        raise invalid(f"At least one of {', '.join(NAMES)} is needed to create a lead")
