"""Finding customers among a million: whole or begun e-mails, own ids and names, through indexes and never far."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q, QuerySet

from integrations.core.search import begins
from integrations.sources.loyalty.models import Customer

# So many are looked at for each way a customer can be meant.
CAP = 100
LONGEST = 254


def matching(customers: QuerySet[Customer], text: str) -> QuerySet[Customer]:
    """Those of `customers` whose e-mail, own id or name is or begins like the text."""
    ids: set[int] = set()
    for meant in _meanings(text.strip()[:LONGEST]):
        ids.update(Customer.objects.filter(meant).order_by().values_list("pk", flat=True)[:CAP])
    return customers.filter(pk__in=ids)


def _meanings(text: str) -> Iterator[Q]:
    """What the text may mean; the whole value first, so that those who begin like it can't crowd it out."""
    if not text:
        return
    yield Q(email_key=text.lower())
    yield Q(external_id=text)
    yield begins("email_key", text.lower())
    yield begins("external_id", text)
    if "@" in text:
        return
    for spelling in dict.fromkeys((text, text.title(), text.lower(), text.upper())):
        yield begins("last_name", spelling)
        yield begins("first_name", spelling)
        one, _, other = spelling.partition(" ")
        if other:
            yield Q(first_name=one) & begins("last_name", other.strip())
            yield Q(last_name=one) & begins("first_name", other.strip())
