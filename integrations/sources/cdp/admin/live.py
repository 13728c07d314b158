"""Whom a definition would be about, while somebody builds it: bounded in time, however many persons there are."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.sources.cdp.calculations import calculate
from integrations.sources.cdp.conditions import Catalogue, Group
from integrations.sources.cdp.matching import Span, persons
from integrations.sources.cdp.models import Attribute, Person, PersonEvent

SAMPLE = 10
# Above it the number itself no longer helps anybody who builds an audience.
CAP = 100_000
SECONDS = 2.0
# Persons looked at with one statement: more each time, as long as that is quick.
FIRST, MOST, QUICK = 2_000, 64_000, 0.3
# Events looked through for persons with a value.
LATELY = 200


@dataclass(frozen=True)
class Look:
    """`share`: of all persons, how many percent were looked at until the time, or the cap, was reached."""

    number: int
    sample: list[int]
    share: int = 100

    @property
    def count(self) -> str:
        if self.number > CAP:
            return _("Over %(number)s persons") % {"number": f"{CAP:,}"}
        if self.share < 100:
            return _("At least %(number)s persons") % {"number": f"{self.number:,}"}
        return ngettext("%(number)s person", "%(number)s persons", self.number) % {"number": f"{self.number:,}"}

    @property
    def note(self) -> str:
        if self.share == 100:
            return "" if self.number else _("Nobody is like that just now.")
        words = {"share": self.share}
        return _("About %(share)s %% of all persons were looked at. Save it for the exact number.") % words


def look(group: Group, known: Catalogue) -> Look:
    now, deadline = timezone.now(), time.monotonic() + SECONDS
    last = Person.objects.aggregate(last=Max("pk"))["last"] or 0
    number, sample, after, size = 0, list[int](), 0, FIRST
    while after < last and number <= CAP:
        started = time.monotonic()
        if started > deadline:
            return Look(number, sample, _share(after, last))
        upto = _end(after, size) or last
        matching = persons(group, now, known, among=Span(after, upto))
        found = list(matching.order_by("pk").values_list("pk", flat=True))
        number += len(found)
        sample += found[: SAMPLE - len(sample)]
        after = upto
        if time.monotonic() - started < QUICK:
            size = min(size * 2, MOST)
    return Look(number, sample, 100 if after >= last else _share(after, last))


def _share(after: int, last: int) -> int:
    return max(1, min(99, 100 * after // last))


def _end(after: int, size: int) -> int | None:
    """The id of the `size`-th person after this one; None when there are fewer."""
    following = Person.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)
    return following[size - 1 : size].first()


def values_now(attribute: Attribute) -> dict[int, Any]:
    """What the attribute would be for ten persons with a value, of those who did what it looks at most lately."""
    lately = PersonEvent.objects.filter(type=attribute.event_type).order_by("-at").values_list("person_id", flat=True)
    persons_lately = list(dict.fromkeys(lately[:LATELY]))
    values = calculate(attribute, timezone.now(), persons_lately)
    known = {pk: values[pk] for pk in persons_lately if values.get(pk) is not None}
    return dict(list(known.items())[:SAMPLE])
