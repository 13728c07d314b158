"""What happens in the customer data platform, row by row: as its verbs write and announce it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from integrations.core.announce import announce
from integrations.sources.cdp import signals
from integrations.sources.cdp.models import Attribute, AttributeValue, Audience, Identifier, IdentifierType, Membership
from integrations.sources.cdp.models import Person as Row

NOW = timezone.now


def email_type() -> IdentifierType:
    found, _ = IdentifierType.objects.get_or_create(key="email", defaults={"name": "Email", "kind": "email"})
    return found


def email(number: int) -> str:
    return f"member{number:06}@example.test"


def person(address: str, of: IdentifierType | None = None) -> Identifier:
    return Identifier.objects.create(
        person=Row.objects.create(), type=of or email_type(), value=address, key=address.lower()
    )


def people(count: int, start: int = 1) -> list[Identifier]:
    """As many as `practice.seed` makes members."""
    type_ = email_type()
    rows = Row.objects.bulk_create(Row() for _ in range(count))
    return Identifier.objects.bulk_create(
        Identifier(person=row, type=type_, value=email(number), key=email(number))
        for number, row in enumerate(rows, start)
    )


def audience(name: str = "Test") -> Audience:
    return Audience.objects.create(name=name, kind=Audience.Kind.FIXED)


def attribute(name: str = "Orders", kind: str = Attribute.Kind.NUMBER) -> Attribute:
    return Attribute.objects.create(name=name, kind=kind)


def enter(where: Audience, *who: Identifier) -> None:
    Membership.objects.bulk_create(Membership(audience=where, person_id=one.person_id) for one in who)
    _told(where, who, entered=True)


def leave(where: Audience, *who: Identifier) -> None:
    Membership.objects.filter(audience=where, person_id__in=[one.person_id for one in who]).delete()
    _told(where, who, entered=False)


def _told(where: Audience, who: Iterable[Identifier], *, entered: bool) -> None:
    with transaction.atomic():
        changes = [signals.MembershipChange(where.pk, one.person_id, entered, NOW()) for one in who]
        announce(signals.memberships_changed, changes=changes)


def becomes(what: Attribute, who: Identifier, **column: Any) -> None:
    """Its value: text=, number= or moment=; without any there is none."""
    AttributeValue.objects.filter(attribute=what, person_id=who.person_id).delete()
    if column:
        AttributeValue.objects.create(attribute=what, person_id=who.person_id, **column)
    with transaction.atomic():
        announce(signals.values_changed, changes=[signals.ValueChange(what.pk, who.person_id, NOW())])


def rename(what: Audience | Attribute, name: str) -> None:
    what.name = name
    what.save()
    with transaction.atomic():
        announce(signals.renamed, definitions=[_definition(what)])


def delete(what: Audience | Attribute) -> None:
    with transaction.atomic():
        announce(signals.removed, definitions=[_definition(what)])
        what.delete()


def _definition(what: Audience | Attribute) -> signals.Definition:
    kind = "audience" if isinstance(what, Audience) else "attribute"
    return signals.Definition(kind, what.pk, what.name)


def enter_both(where: Iterable[Audience], who: Identifier) -> None:
    """Several audiences by one change."""
    where = list(where)
    Membership.objects.bulk_create(Membership(audience=one, person_id=who.person_id) for one in where)
    with transaction.atomic():
        changes = [signals.MembershipChange(one.pk, who.person_id, True, NOW()) for one in where]
        announce(signals.memberships_changed, changes=changes)


def identified(*who: Identifier) -> None:
    """They are new, or belong to another person now."""
    with transaction.atomic():
        announce(signals.identifiers_changed, identifier_ids=[one.pk for one in who])
