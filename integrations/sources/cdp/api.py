"""The customer data platform's API: persons, events, memberships and attribute values, one by one and in batches."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Status
from ninja.errors import HttpError

from integrations.core.api.batches import MANY, ONE, save_batch, save_one
from integrations.core.api.main import register_api
from integrations.core.api.paging import LARGEST_ID, After, Limit
from integrations.core.api.schemas import refusals
from integrations.core.batch import Refused
from integrations.sources.cdp.api_reading import events_of, persons_out
from integrations.sources.cdp.deletion import delete_persons
from integrations.sources.cdp.events import record_events
from integrations.sources.cdp.identifiers import Types, look_up
from integrations.sources.cdp.models import Person
from integrations.sources.cdp.people import save_persons
from integrations.sources.cdp.rows import EventRow, MembershipRow, PersonRow, ValueRow
from integrations.sources.cdp.schemas import (
    EventBatch,
    EventBody,
    EventPage,
    MembershipBatch,
    MembershipBody,
    PersonBatch,
    PersonBody,
    PersonOut,
    PersonPage,
    ValueBatch,
    ValueBody,
)
from integrations.sources.cdp.told import tell_memberships, tell_values

UNKNOWN = "There is no person with this id."
BOTH = "Give the name of the identifier and its value, or neither."

router = Router()


# -- persons ----------------------------------------------------------------------------------------


@router.get("/persons", response={200: PersonPage, **refusals()}, summary="Find or list persons")
def list_persons(
    request: HttpRequest,
    identifier: Annotated[str | None, Query(description="The name of an identifier, like email.")] = None,
    value: Annotated[str | None, Query(description="Only the person with this identifier.")] = None,
    after: After = 0,
    limit: Limit = 100,
) -> PersonPage:
    """All persons by id, a page at a time, or the one an identifier belongs to."""
    if (identifier is None) != (value is None):
        raise HttpError(422, BOTH)
    found = Person.objects.filter(pk__gt=after).order_by("pk")
    if identifier is not None:
        found = found.filter(pk__in=_person_ids(identifier, value))
    rows = persons_out(list(found[: limit + 1]))
    return PersonPage.of(rows, limit)


@router.get("/persons/{int:person_id}", response={200: PersonOut, **refusals(404)}, summary="Read a person")
def read_person(request: HttpRequest, person_id: int) -> PersonOut:
    """A person with identifiers, properties, audiences and attribute values."""
    return persons_out([_person(person_id)])[0]


@router.delete("/persons/{int:person_id}", response={204: None, **refusals(404)}, summary="Delete a person")
def delete_person(request: HttpRequest, person_id: int) -> Status[Any]:
    """Everything known of the person goes. It can't be undone."""
    _person(person_id)
    delete_persons([person_id])
    return Status(204, None)


@router.post("/persons", response=ONE, summary="Create or change a person")
def save_person(request: HttpRequest, person: PersonBody) -> Status[Any]:
    """Found by `id` or the identifiers; identifiers of different persons make these one, the oldest stays."""
    return save_one(PersonRow(**dict(person)), save_persons)


@router.post("/persons/batch", response=MANY, summary="Create or change up to 1,000 persons")
def save_person_batch(request: HttpRequest, batch: PersonBatch) -> Status[Any]:
    """Each row as in a single request, with an answer of its own; in their order."""
    return save_batch(batch, lambda row: PersonRow(**dict(PersonBody.model_validate(row))), save_persons)


# -- events -----------------------------------------------------------------------------------------


@router.get(
    "/persons/{int:person_id}/events", response={200: EventPage, **refusals(404)}, summary="List a person's events"
)
def list_events(request: HttpRequest, person_id: int, after: After = 0, limit: Limit = 100) -> EventPage:
    """What a person did, by id."""
    rows = events_of(_person(person_id), after, limit + 1)
    return EventPage.of(rows, limit)


@router.post("/events", response=ONE, summary="Record an event")
def record_event(request: HttpRequest, event: EventBody) -> Status[Any]:
    """201 when it was recorded, 200 when this `external_id` was recorded before, 409 when it was for another one."""
    return save_one(EventRow(**dict(event)), record_events)


@router.post("/events/batch", response=MANY, summary="Record up to 1,000 events")
def record_event_batch(request: HttpRequest, batch: EventBatch) -> Status[Any]:
    """Each row as in a single request, with an answer of its own."""
    return save_batch(batch, lambda row: EventRow(**dict(EventBody.model_validate(row))), record_events)


# -- fixed audiences and attributes that aren't calculated -------------------------------------------


@router.post("/memberships", response=ONE, summary="Let a person enter or leave a fixed audience")
def tell_membership(request: HttpRequest, membership: MembershipBody) -> Status[Any]:
    """“unchanged” when it is so already, or when something later was told before. The answer's id is the person's."""
    return save_one(MembershipRow(**dict(membership)), tell_memberships)


@router.post("/memberships/batch", response=MANY, summary="Let up to 1,000 persons enter or leave fixed audiences")
def tell_membership_batch(request: HttpRequest, batch: MembershipBatch) -> Status[Any]:
    """Each row as in a single request, with an answer of its own."""
    return save_batch(batch, lambda row: MembershipRow(**dict(MembershipBody.model_validate(row))), tell_memberships)


@router.post("/attribute-values", response=ONE, summary="Give a person a value of an attribute")
def tell_value(request: HttpRequest, value: ValueBody) -> Status[Any]:
    """“unchanged” when it is so already, or when something later was told before. The answer's id is the person's."""
    return save_one(ValueRow(**dict(value)), tell_values)


@router.post("/attribute-values/batch", response=MANY, summary="Give up to 1,000 persons values of attributes")
def tell_value_batch(request: HttpRequest, batch: ValueBatch) -> Status[Any]:
    """Each row as in a single request, with an answer of its own."""
    return save_batch(batch, lambda row: ValueRow(**dict(ValueBody.model_validate(row))), tell_values)


def _person(person_id: int) -> Person:
    found = Person.objects.filter(pk=person_id).first() if person_id <= LARGEST_ID else None
    if found is None:
        raise HttpError(404, UNKNOWN)
    return found


def _person_ids(identifier: str, value: str | None) -> list[int]:
    try:
        names = Types().read_some({identifier: value})
    except Refused as refused:
        raise HttpError(422, refused.message) from None
    return [one.person_id for one in look_up(names).values()]


register_api("cdp", _("Customer Data Platform"), router)
