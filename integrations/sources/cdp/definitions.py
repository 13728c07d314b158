"""Creating, changing, renaming and deleting audiences and calculated attributes.

A change of what is calculated starts the calculation from scratch. A definition that refers to something that isn't
there, or isn't what it was, says so in its `problem`; everybody stays as they were until that is repaired.
"""

from __future__ import annotations

from django.db import transaction

from integrations.core.announce import announce
from integrations.sources.cdp.conditions import Catalogue, catalogue
from integrations.sources.cdp.locks import change_definitions
from integrations.sources.cdp.models import Attribute, AttributeValue, Audience, Membership
from integrations.sources.cdp.problems import Definition, hindrance, is_calculated, is_hindered, note
from integrations.sources.cdp.recalculation import from_scratch
from integrations.sources.cdp.signals import Definition as Named
from integrations.sources.cdp.signals import removed, renamed

WORDS = ("name", "description", "external_id")
AUDIENCE = ("kind", "condition")
ATTRIBUTE = ("kind", "event_type_id", "aggregate", "field", "within_days")


def save_audience(audience: Audience) -> None:
    """Create an audience, or write what was changed of it."""
    _save("audience", audience, AUDIENCE)


def save_attribute(attribute: Attribute) -> None:
    _save("attribute", attribute, ATTRIBUTE)


@transaction.atomic
def delete_audience(audience: Audience) -> None:
    """Nobody leaves it: it stops."""
    change_definitions()
    announce(removed, definitions=[Named("audience", audience.pk, audience.name)])
    Membership.objects.filter(audience=audience).delete()
    audience.delete()


@transaction.atomic
def delete_attribute(attribute: Attribute) -> None:
    """Audiences whose conditions use it stay as they are, and say so."""
    change_definitions()
    announce(removed, definitions=[Named("attribute", attribute.pk, attribute.name)])
    AttributeValue.objects.filter(attribute=attribute).delete()
    attribute.delete()
    recheck()


def recheck() -> None:
    """After a property, an event type or an attribute changed or went, in the same transaction; and every minute.

    Who can't be calculated any more says why; who can be again is calculated from scratch.
    """
    if not _stale(catalogue()):
        return
    with transaction.atomic():
        change_definitions()
        known = catalogue()
        for definition in _stale(known):
            _check(definition, known)


def _save(kind: str, definition: Definition, columns: tuple[str, ...]) -> None:
    with transaction.atomic():
        change_definitions()
        before = type(definition).objects.filter(pk=definition.pk).first()
        if before is None:
            definition.save()
        else:
            definition.save(update_fields=[*WORDS, *(column.removesuffix("_id") for column in columns)])
            if before.name != definition.name:
                announce(renamed, definitions=[Named(kind, definition.pk, definition.name)])
        if before is None or any(getattr(before, name) != getattr(definition, name) for name in columns):
            _check(definition, catalogue(), changed=True)
        if kind == "attribute" and before is not None:
            recheck()


def _stale(known: Catalogue) -> list[Definition]:
    """Those that have become impossible to calculate, for another reason than before, or possible again."""
    found: list[Definition] = []
    definitions: list[Definition] = [*Attribute.objects.order_by("pk"), *Audience.objects.order_by("pk")]
    for definition in definitions:
        problem = hindrance(definition, known)
        if (problem != definition.problem) if problem else is_hindered(definition):
            found.append(definition)
    return found


def _check(definition: Definition, known: Catalogue, *, changed: bool = False) -> None:
    kind = "attribute" if isinstance(definition, Attribute) else "audience"
    problem = hindrance(definition, known)
    if problem:
        note(definition, problem=problem, calculating_after=None)
    elif changed or is_hindered(definition):
        note(definition, problem="")
        if is_calculated(definition):
            from_scratch(kind, definition.pk)
