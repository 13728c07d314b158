"""Which of its records are about a person: notes on who unsubscribed have keys made of the address."""

from __future__ import annotations

from collections.abc import Collection

from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.connectors.heyloyalty import unsubscriptions
from integrations.core.persons.holders import Holder, holder
from integrations.core.persons.person import RecordKey


@holder
class FlexPOSRecords(Holder):
    name = "flexpos"

    def records(self, names: Collection[str]) -> set[RecordKey]:
        found = FlexPOSConnection.objects.exclude(list_id="")
        lists = found.values_list("pk", "list_id", "match_on")  # type: ignore[misc]
        return unsubscriptions.keys_of(lists, names)
