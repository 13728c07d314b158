"""Which of its records are about a person: notes on who unsubscribed have keys made of the address."""

from __future__ import annotations

from collections.abc import Collection

from integrations.connectors.flexpos.models import FlexPOSConnection
from integrations.connectors.flexpos.standing import UNSUBSCRIPTION, person_key
from integrations.core.persons.holders import Holder, holder
from integrations.core.persons.person import RecordKey, is_personal


@holder
class FlexPOSRecords(Holder):
    name = "flexpos"

    def records(self, names: Collection[str]) -> set[RecordKey]:
        found = FlexPOSConnection.objects.exclude(list_id="")
        lists = found.values_list("pk", "list_id", "match_on")  # type: ignore[misc]
        return {
            RecordKey(pk, UNSUBSCRIPTION, person_key(list_id, match_on, name))
            for pk, list_id, match_on in lists
            for name in filter(is_personal, names)
        }
