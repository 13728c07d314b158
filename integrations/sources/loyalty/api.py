"""Loyalty's API: customers, movements and PINs, one by one and in batches. Idempotent by the caller's own ids."""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja import Query, Router, Status
from ninja.errors import HttpError

from integrations.core.api.batches import MANY, ONE, save_batch, save_one
from integrations.core.api.main import register_api
from integrations.core.api.paging import After, Limit
from integrations.core.api.schemas import refusals
from integrations.sources.loyalty.batch import CustomerRow, MovementRow, PinRow
from integrations.sources.loyalty.customers import change_pins, save_customers
from integrations.sources.loyalty.models import Customer, Movement, email_key_of
from integrations.sources.loyalty.movements import record_movements
from integrations.sources.loyalty.schemas import (
    CustomerBatch,
    CustomerBody,
    CustomerOut,
    CustomerPage,
    MovementBatch,
    MovementBody,
    MovementOut,
    MovementPage,
    PinBatch,
    PinBody,
)

UNKNOWN = "There is no customer with this id."

router = Router()


# -- customers --------------------------------------------------------------------------------------


@router.get("/customers", response={200: CustomerPage, **refusals()}, summary="Find or list customers")
def list_customers(
    request: HttpRequest,
    email: Annotated[str | None, Query(description="Only the customer with this e-mail address.")] = None,
    external_id: Annotated[str | None, Query(description="Only the customer with this id of yours.")] = None,
    after: After = 0,
    limit: Limit = 100,
) -> CustomerPage:
    """All customers by id, a page at a time, or the one with an e-mail address or your own id."""
    found = _customers().filter(pk__gt=after).order_by("pk")
    if email is not None:
        found = found.filter(email_key=email_key_of(email) or "")
    if external_id is not None:
        found = found.filter(external_id=external_id)
    rows = [_customer(customer) for customer in found[: limit + 1]]
    return CustomerPage.of(rows, limit)


@router.get("/customers/{int:customer_id}", response={200: CustomerOut, **refusals(404)}, summary="Read a customer")
def read_customer(request: HttpRequest, customer_id: int) -> CustomerOut:
    """A customer with the points and when some of them expire next."""
    found = _customers().filter(pk=customer_id).first()
    if found is None:
        raise HttpError(404, UNKNOWN)
    return _customer(found)


@router.post("/customers", response=ONE, summary="Create or change a customer")
def save_customer(request: HttpRequest, customer: CustomerBody) -> Status[Any]:
    """Found by `id`, else `external_id`, else `email`; what you leave out stays as it is."""
    return save_one(CustomerRow(**dict(customer)), save_customers)


@router.post("/customers/batch", response=MANY, summary="Create or change up to 1,000 customers")
def save_customer_batch(request: HttpRequest, batch: CustomerBatch) -> Status[Any]:
    """Each row as in a single request, with an answer of its own."""
    return save_batch(batch, lambda row: CustomerRow(**dict(CustomerBody.model_validate(row))), save_customers)


# -- movements --------------------------------------------------------------------------------------


@router.get(
    "/customers/{int:customer_id}/movements",
    response={200: MovementPage, **refusals(404)},
    summary="List a customer's movements",
)
def list_movements(request: HttpRequest, customer_id: int, after: After = 0, limit: Limit = 100) -> MovementPage:
    """All changes of a customer's points by id, the oldest first."""
    if not Customer.objects.filter(pk=customer_id).exists():
        raise HttpError(404, UNKNOWN)
    found = Movement.objects.filter(account_id=customer_id, pk__gt=after).order_by("pk")[: limit + 1]
    rows = [_movement(movement) for movement in found]
    return MovementPage.of(rows, limit)


@router.post("/movements", response=ONE, summary="Record a movement")
def save_movement(request: HttpRequest, movement: MovementBody) -> Status[Any]:
    """201 when it was recorded, 200 when this `external_id` was recorded before, 409 when it was for another one."""
    return save_one(_movement_row(movement), record_movements)


@router.post("/movements/batch", response=MANY, summary="Record up to 1,000 movements")
def save_movement_batch(request: HttpRequest, batch: MovementBatch) -> Status[Any]:
    """Each row as in a single request, with an answer of its own; recorded in their order."""
    return save_batch(batch, lambda row: _movement_row(MovementBody.model_validate(row)), record_movements)


# -- PINs -------------------------------------------------------------------------------------------


@router.post("/pins", response=ONE, summary="Create or change a PIN")
def save_pin(request: HttpRequest, pin: PinBody) -> Status[Any]:
    """Only for customers who aren't registered. The PIN itself is in no answer."""
    return save_one(PinRow(**dict(pin)), change_pins)


@router.post("/pins/batch", response=MANY, summary="Create or change up to 1,000 PINs")
def save_pin_batch(request: HttpRequest, batch: PinBatch) -> Status[Any]:
    """Each row as in a single request, with an answer of its own."""
    return save_batch(batch, lambda row: PinRow(**dict(PinBody.model_validate(row))), change_pins)


def _movement_row(movement: MovementBody) -> MovementRow:
    return MovementRow(**dict(movement) | {"reason": movement.reason or ""})


def _customers() -> QuerySet[Customer]:
    return Customer.objects.select_related("account").defer("pin").annotate(has_pin=Q(pin__isnull=False))


def _customer(customer: Any) -> CustomerOut:
    account = customer.account
    return CustomerOut(
        id=customer.pk,
        external_id=customer.external_id,
        email=customer.email,
        first_name=customer.first_name,
        last_name=customer.last_name,
        registered=customer.registered,
        has_pin=customer.has_pin,
        balance=account.balance,
        next_expiry=account.next_expiry,
        next_expiry_points=account.next_expiry_points,
        created_at=customer.created_at,
        updated_at=customer.updated_at,
    )


def _movement(movement: Movement) -> MovementOut:
    return MovementOut.model_validate(movement, from_attributes=True)


register_api("loyalty", _("Loyalty"), router)
