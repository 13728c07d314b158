"""Persons as lists name them: by their first identifier, masked for those who may not see personal data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from integrations.core.admin.log.sight import Sight
from integrations.sources.cdp.models import Identifier


@dataclass(frozen=True)
class Named:
    """`url` is the person's page, empty for those who may not open it; `values` are (column, what stands in it)."""

    id: int
    name: str
    url: str
    values: tuple[tuple[str, str], ...] = ()


def named(request: HttpRequest, person_ids: Iterable[int], columns: dict[str, dict[int, str]]) -> list[Named]:
    """In this order, with what `columns` (by heading, then person) say of each. One query."""
    ids = list(person_ids)
    sight, names = Sight.of(request), first_identifiers(ids)
    opens = request.user.has_perm("cdp.view_person") or request.user.has_perm("cdp.change_person")
    return [
        Named(
            pk,
            sight.label(names[pk]) if pk in names else _("Person %(number)s, without identifier") % {"number": pk},
            _url(pk) if opens else "",
            tuple((heading, by_person.get(pk, "–")) for heading, by_person in columns.items()),
        )
        for pk in ids
    ]


def first_identifiers(person_ids: list[int]) -> dict[int, str]:
    """By person: of the oldest active type of identifier, the oldest one."""
    found = Identifier.objects.filter(person_id__among=person_ids, type__active=True)
    # The last one read stays.
    return dict(found.order_by("-type_id", "-pk").values_list("person_id", "value"))


def is_masked(request: HttpRequest) -> bool:
    return not Sight.of(request).full


def _url(pk: int) -> str:
    from django.urls import NoReverseMatch

    try:
        return reverse("admin:cdp_person_change", args=[pk])
    except NoReverseMatch:
        return ""
