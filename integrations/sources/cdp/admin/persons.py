"""The persons of an audience, or with a value of a calculated attribute, a page at a time, by id."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest

from integrations.core.keyset import LAST_ID
from integrations.core.persons.person import e164, is_phone
from integrations.core.search import begins
from integrations.sources.cdp.admin.naming import is_masked, named
from integrations.sources.cdp.models import Identifier
from integrations.sources.cdp.models.people import LONGEST_VALUE

PER_PAGE = 50
# So many identifiers that begin like the text are looked at.
CAP = 200


@dataclass(frozen=True)
class Page:
    """Rows by person id, and the addresses of the pages around."""

    rows: list[Any]
    previous_url: str
    next_url: str


def persons_context(
    request: HttpRequest, rows: QuerySet[Any], columns: Mapping[str, Callable[[Any], str]]
) -> dict[str, Any]:
    """For _persons.html. `rows` have a person_id each; `columns`: what stands beside a person, by heading."""
    q = request.GET.get("q", "").strip()[:LONGEST_VALUE]
    page = page_of(request, rows.filter(person_id__among=list(persons_named(q))) if q else rows, q)
    beside = {heading: {row.person_id: read(row) for row in page.rows} for heading, read in columns.items()}
    return {
        "q": q,
        "people": named(request, [row.person_id for row in page.rows], beside),
        "columns": list(columns),
        "masked": is_masked(request),
        "previous_url": page.previous_url,
        "next_url": page.next_url,
    }


def page_of(request: HttpRequest, rows: QuerySet[Any], q: str = "") -> Page:
    """`rows` must be found by an index that ends in the person."""
    after, before = _id(request.GET.get("after")), _id(request.GET.get("before"))
    if before is not None:
        found = list(rows.filter(person_id__lt=before).order_by("-person_id")[: PER_PAGE + 1])
        more_before, more_after = len(found) > PER_PAGE, True
        shown = found[:PER_PAGE][::-1]
    else:
        found = list(rows.filter(person_id__gt=after or 0).order_by("person_id")[: PER_PAGE + 1])
        more_before, more_after = after is not None, len(found) > PER_PAGE
        shown = found[:PER_PAGE]
    words = {"q": q} if q else {}
    previous = f"?{urlencode({**words, 'before': shown[0].person_id})}" if shown and more_before else ""
    following = f"?{urlencode({**words, 'after': shown[-1].person_id})}" if shown and more_after else ""
    return Page(shown, previous, following)


def _id(text: str | None) -> int | None:
    return (
        int(text) if text and text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= LAST_ID else None
    )


def persons_named(text: str) -> Collection[int]:
    """Persons one of whose identifiers is, or begins like, the text; the whole value first."""
    number = e164(text) if is_phone(text) else ""
    spellings = dict.fromkeys((text, text.lower(), *([number] if number else [])))
    ids: set[int] = set()
    for spelling in spellings:
        ids.update(Identifier.objects.filter(key=spelling).values_list("person_id", flat=True)[:CAP])
        ids.update(Identifier.objects.filter(begins("key", spelling)).values_list("person_id", flat=True)[:CAP])
    return ids
