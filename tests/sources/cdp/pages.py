"""Who works with audiences and calculated attributes in the portal, and what their forms send."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client
from django.urls import reverse

from integrations.sources.cdp import scratch
from integrations.sources.cdp.models import Attribute, Audience, Property
from tests.sources.loyalty.people import person as user
from tests.sources.loyalty.people import shown

__all__ = ["shown"]

AUDIENCES = reverse("admin:cdp_audience_changelist")
ADD = reverse("admin:cdp_audience_add")
LIVE = reverse("admin:cdp_audience_live")
ATTRIBUTES = reverse("admin:cdp_attribute_changelist")
ADD_ATTRIBUTE = reverse("admin:cdp_attribute_add")
LIVE_ATTRIBUTE = reverse("admin:cdp_attribute_live")
EVERYTHING = [f"{verb}_{model}" for verb in ("view", "add", "change", "delete") for model in ("audience", "attribute")]


def builder(*permissions: str, **options: Any) -> Client:
    """Somebody who builds audiences and attributes, and sees personal data."""
    return user("bo", None, *EVERYTHING, "view_personal_data", *permissions, **options)


def reader(*permissions: str) -> Client:
    """Somebody who may look, but sees no personal data."""
    return user("ria", None, "view_audience", "view_attribute", *permissions)


def page_of(what: Audience | Attribute, page: str = "change") -> str:
    return reverse(f"admin:cdp_{what._meta.model_name}_{page}", args=[what.pk])


def city() -> Property:
    return Property.objects.get_or_create(key="city", defaults={"name": "City", "kind": "text"})[0]


def lives_in(where: str, **values: Any) -> dict[str, Any]:
    return {"property": "city", "is": "equal", "value": where, **values}


def all_of(*conditions: Any) -> dict[str, Any]:
    return {"match": "all", "conditions": list(conditions)}


def typed(*conditions: Any, **values: Any) -> dict[str, Any]:
    """The form of an audience as a browser sends it."""
    form = {"name": "From Aarhus", "description": "", "kind": "conditions", **values}
    return {**form, "condition": json.dumps(all_of(*conditions))}


def audience(*conditions: Any, **values: Any) -> Audience:
    """Built through the page, and calculated."""
    response = builder_once().post(ADD, typed(*conditions, **values))
    assert response.status_code == 302, shown(response)
    made = Audience.objects.latest("pk")
    scratch.calculate("audience", made.pk)
    made.refresh_from_db()
    return made


def builder_once() -> Client:
    return user(f"ben{Audience.objects.count()}-{Attribute.objects.count()}", None, *EVERYTHING)


def version_of(what: Audience | Attribute) -> int:
    """What a form that is opened now sends along."""
    return int(what.history.first().pk)
