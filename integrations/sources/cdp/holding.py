"""What the customer data platform knows of a person: identifiers, properties, events, audiences and values."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from integrations.core.persons.holders import Held, Holder, holder
from integrations.core.persons.person import Person as Sought
from integrations.sources.cdp.deletion import delete_persons
from integrations.sources.cdp.models import Identifier, Membership, RaptorCall
from integrations.sources.cdp.models.people import IdentifierKind

VIEW = "cdp.view_person"
# An id of some other system says nothing in the next one.
PERSONAL = (IdentifierKind.EMAIL, IdentifierKind.PHONE)


def person_ids(names: Collection[str]) -> list[int]:
    return sorted(set(Identifier.objects.filter(key__in=names).values_list("person_id", flat=True)))


@holder
class CustomerData(Holder):
    name = "cdp"
    permission = VIEW
    texts = {RaptorCall: ("body", "message")}

    def names(self, names: Collection[str]) -> set[str]:
        found = Identifier.objects.filter(person_id__in=person_ids(names), type__kind__in=PERSONAL)
        return set(found.values_list("key", flat=True))

    def held(self, user: Any, names: Collection[str]) -> list[Held]:
        found = []
        for pk in person_ids(names):
            number = Membership.objects.filter(person_id=pk).count()
            words = _("In %(number)s audiences") % {"number": number} if number else _("In no audience")
            found.append(Held(f"{_('Person')} {pk}", words, reverse("admin:cdp_person_change", args=[pk])))
        return found

    def name_of(self, user: Any, pk: int) -> str:
        if not user.has_perm(VIEW):
            return ""
        found = Identifier.objects.filter(person_id=pk).order_by("type_id", "pk").values_list("type__kind", "key")
        by_kind = dict(reversed(list(found)))
        return next((by_kind[kind] for kind in (*PERSONAL, IdentifierKind.TEXT) if kind in by_kind), "")

    def count(self, person: Sought) -> dict[str, int]:
        return {"persons": len(person_ids(person.names))}

    def erase(self, person: Sought) -> dict[str, int]:
        return {"persons": delete_persons(person_ids(person.names))}
