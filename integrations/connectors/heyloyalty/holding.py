"""Which of its records are about a person: members have the id of their identifier as key, notes on who unsubscribed a
key made of the address."""

from __future__ import annotations

from collections.abc import Collection

from integrations.connectors.heyloyalty import unsubscriptions
from integrations.connectors.heyloyalty.models import MATCH_ON, ActivationConnection
from integrations.connectors.heyloyalty.records import MEMBER
from integrations.core.persons.holders import Holder, holder
from integrations.core.persons.person import RecordKey
from integrations.sources.cdp.models import Identifier, IdentifierType


@holder
class HeyloyaltyRecords(Holder):
    name = "heyloyalty"
    permission = "cdp.view_person"

    def records(self, names: Collection[str]) -> set[RecordKey]:
        return self._members(names) | unsubscriptions.keys_of(_lists(), names)

    def _members(self, names: Collection[str]) -> set[RecordKey]:
        found = list(Identifier.objects.filter(key__in=names).values_list("type_id", "pk"))
        connections = ActivationConnection.objects.values_list("pk", "identifier_type_id") if found else ()
        return {
            RecordKey(connection, MEMBER.name, str(pk))
            for connection, wanted in connections
            for type_id, pk in found
            if type_id == wanted
        }


def _lists() -> list[tuple[int, str, str]]:
    connections = ActivationConnection.objects.exclude(list_id="")
    found = connections.values_list("pk", "list_id", "identifier_type__kind")  # type: ignore[misc]
    return [(pk, list_id, MATCH_ON[IdentifierType.Kind(kind)]) for pk, list_id, kind in found]
