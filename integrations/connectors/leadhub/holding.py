"""Which of its records are about a person: the loyalty customer's id is their key."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from integrations.connectors.leadhub.connector import LeadHub
from integrations.connectors.leadhub.models import LeadHubConnection
from integrations.core.persons.holders import Holder, holder
from integrations.core.persons.person import RecordKey
from integrations.sources.loyalty.models import Customer


@holder
class LeadHubRecords(Holder):
    name = "leadhub"
    permission = "loyalty.view_customer"

    def records(self, names: Collection[str]) -> set[RecordKey]:
        ids = Customer.objects.filter(Q(email_key__in=names) | Q(external_id__in=names)).values_list("pk", flat=True)
        types = [record_type.name for record_type in LeadHub.record_types]
        connections = LeadHubConnection.objects.values_list("pk", flat=True) if ids else ()
        return {RecordKey(pk, name, str(one)) for pk in connections for name in types for one in ids}
