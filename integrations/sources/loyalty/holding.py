"""What the loyalty source knows of a person: customers, with their accounts, movements and PIN mails."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.core.persons.holders import Held, Holder, holder
from integrations.core.persons.person import Person
from integrations.sources.loyalty.deletion import delete_customers
from integrations.sources.loyalty.models import Customer
from integrations.sources.loyalty.models_ellity import WebhookCall

VIEW = "loyalty.view_customer"


def customers(names: Collection[str]) -> QuerySet[Customer]:
    return Customer.objects.filter(Q(email_key__in=names) | Q(external_id__in=names))


@holder
class Loyalty(Holder):
    name = "loyalty"
    permission = VIEW
    texts = {WebhookCall: ("body", "message"), Customer.history.model: ("email", "external_id")}

    def names(self, names: Collection[str]) -> set[str]:
        return {email for email in customers(names).values_list("email_key", flat=True) if email}

    def held(self, user: Any, names: Collection[str]) -> list[Held]:
        found = customers(names).select_related("account").defer("pin")
        return [
            Held(
                f"{_('Customer')} {one.pk}",
                ngettext("%(number)s point", "%(number)s points", one.account.balance)
                % {"number": one.account.balance},
                reverse("admin:loyalty_customer_change", args=[one.pk]),
            )
            for one in found
        ]

    def name_of(self, user: Any, pk: int) -> str:
        found = Customer.objects.filter(pk=pk).values_list("email_key", "external_id").first()
        return (found[0] or found[1] or "") if found and user.has_perm(VIEW) else ""

    def count(self, person: Person) -> dict[str, int]:
        return {"loyalty customers": customers(person.names).count()}

    def erase(self, person: Person) -> dict[str, int]:
        return {"loyalty customers": delete_customers(customers(person.names).values_list("pk", flat=True))}
