"""The pairs it keeps of a person, with the values both sides last had."""

from __future__ import annotations

from integrations.connectors.contactsend.models import Pair
from integrations.core.persons.holders import Holder, holder
from integrations.core.persons.person import Person

HUB, SEND = "hub ", "send "


@holder
class ContactsendPairs(Holder):
    name = "contactsend"
    rows = {Pair: ("base",)}

    def erase_in(self, connection_id: int, person: Person) -> dict[str, int]:
        keys = [record.key for record in person.records if record.connection_id == connection_id]
        hub = [key.removeprefix(HUB) for key in keys if key.startswith(HUB)]
        send = [int(key.removeprefix(SEND)) for key in keys if key.removeprefix(SEND).isdecimal()]
        pairs = Pair.objects.filter(connection_id=connection_id)
        number = pairs.filter(hub_id__in=hub).delete()[0] + pairs.filter(send_id__in=send).delete()[0]
        return {"pairs": number}
