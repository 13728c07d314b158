"""Which of its records are about a person: the id of the person's identifier is their key."""

from __future__ import annotations

from collections.abc import Collection

from integrations.connectors.heyloyalty.models import ActivationConnection
from integrations.connectors.heyloyalty.records import MEMBER
from integrations.core.persons.holders import Holder, holder
from integrations.core.persons.person import RecordKey
from integrations.sources.cdp.models import Identifier


@holder
class HeyloyaltyRecords(Holder):
    name = "heyloyalty"
    permission = "cdp.view_person"

    def records(self, names: Collection[str]) -> set[RecordKey]:
        found = list(Identifier.objects.filter(key__in=names).values_list("type_id", "pk"))
        connections = ActivationConnection.objects.values_list("pk", "identifier_type_id") if found else ()
        return {
            RecordKey(connection, MEMBER.name, str(pk))
            for connection, wanted in connections
            for type_id, pk in found
            if type_id == wanted
        }
