"""What a person's page shows: identifiers, properties, audiences, attribute values and the newest events."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _

from integrations.core.admin.log.sight import Sight
from integrations.core.keyset import LAST_ID
from integrations.sources.cdp.admin.values import shown_value
from integrations.sources.cdp.models import AttributeValue, Membership, Person, PersonEvent, Property

PAGE = 25
# Audiences and attributes a page holds.
MOST = 200


def card(request: HttpRequest, person: Person) -> dict[str, Any]:
    sight = Sight.of(request)
    inside = Membership.objects.filter(person=person).select_related("audience").order_by("audience__name")
    shown: dict[str, Any] = {
        "person": person,
        "masked": not sight.full,
        "identifiers": [
            {"type": one.type, "value": sight.label(one.value), "since": one.created_at}
            for one in person.identifiers.select_related("type").order_by("type_id", "pk")
        ],
        "properties": properties(sight, person),
        "audiences": inside[:MOST],
        "values": values(request, person),
        "sees_events": request.user.has_perm("cdp.view_personevent"),
    }
    return {**shown, **events(request, sight, person)} if shown["sees_events"] else shown


def values(request: HttpRequest, person: Person) -> list[dict[str, Any]]:
    found = AttributeValue.objects.filter(person=person).select_related("attribute").order_by("attribute__name")
    return [
        {"attribute": one.attribute, "value": shown_value(request, one.attribute.kind, one.value), "at": one.updated_at}
        for one in found[:MOST]
    ]


def properties(sight: Sight, person: Person) -> list[tuple[str, str]]:
    """Name and value; also of a property that was deleted."""
    names = dict(Property.objects.values_list("key", "name"))
    return [(names.get(key, key), shown(sight, value)) for key, value in sorted(person.properties.items())]


def shown(sight: Sight, value: Any) -> str:
    """A value of JSON, text without quotes."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return sight.label(value) if isinstance(value, str) else sight.json(value)


def events(request: HttpRequest, sight: Sight, person: Person) -> dict[str, Any]:
    """A page of events, the newest first, beginning after the one in the address."""
    found = PersonEvent.objects.filter(person=person).select_related("type").order_by("-at", "-pk")
    text = request.GET.get("after", "")
    is_id = text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= LAST_ID
    last = PersonEvent.objects.filter(person=person, pk=int(text)).first() if is_id else None
    if last is not None:
        found = found.filter(Q(at__lt=last.at) | Q(at=last.at, pk__lt=last.pk))
    rows = list(found[: PAGE + 1])
    return {
        "events": [
            {
                "type": one.type,
                "at": one.at,
                "data": [(name, shown(sight, value)) for name, value in one.data.items()],
                "id": one.external_id,
            }
            for one in rows[:PAGE]
        ],
        "older_url": f"?after={rows[PAGE - 1].pk}" if len(rows) > PAGE else "",
        "newest_url": "?" if last is not None else "",
    }
