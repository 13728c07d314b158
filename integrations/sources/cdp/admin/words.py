"""Audiences and calculated attributes in words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.sources.cdp.conditions import Catalogue, ConditionError, depends_on, parse, sentence
from integrations.sources.cdp.models import Attribute, Audience
from integrations.sources.cdp.models.attributes import Aggregate
from integrations.sources.cdp.models.audiences import AudienceKind


def audience_words(audience: Audience, known: Catalogue) -> str:
    if audience.kind == AudienceKind.FIXED:
        return _("Persons who are told by import or API.")
    return condition_words(audience.condition, known)


def condition_words(condition: Any, known: Catalogue) -> str:
    """A stored condition as a sentence; also one that no longer fits what there is."""
    try:
        words = sentence(parse(condition), known)
    except ConditionError as error:
        return str(error)
    return _("Persons: %(words)s") % {"words": words}


def attribute_words(attribute: Attribute) -> str:
    """Like: Sum of amount of purchase within 365 days."""
    if attribute.event_type is None:
        return _("Told by import or API.")
    words = {"event": attribute.event_type.key, "field": attribute.field}
    if attribute.aggregate == Aggregate.COUNT:
        what = _("How many times: %(event)s") % words
    else:
        label = Aggregate(attribute.aggregate).label
        what = _("%(calculation)s of %(field)s of %(event)s") % {**words, "calculation": label}
    if attribute.within_days is None:
        return what
    days = ngettext("within %(days)s day", "within %(days)s days", attribute.within_days)
    return f"{what} {days % {'days': attribute.within_days}}"


def looking_at(attribute: Attribute) -> list[str]:
    """Names of audiences whose conditions look at the attribute."""
    return [
        audience.name
        for audience in Audience.objects.filter(kind=AudienceKind.CONDITIONS)
        if _looks(audience, attribute)
    ]


def _looks(audience: Audience, attribute: Attribute) -> bool:
    try:
        return attribute.pk in depends_on(parse(audience.condition)).attributes
    except ConditionError:
        return False
