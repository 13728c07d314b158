"""Event types are made when the first event comes in, and note what their events' data hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from integrations.core.batch import Refused
from integrations.core.engine.rows import insert
from integrations.sources.cdp.kinds import kind_of
from integrations.sources.cdp.models import EventType
from integrations.sources.cdp.models.people import LONGEST_NAME
from integrations.sources.cdp.properties import is_name

# Names built from data would otherwise fill every form: further types are refused, further fields not offered there.
MOST_TYPES, MOST_FIELDS = 500, 100


class EventTypes:
    """The types there are, and those of `events` (type, data). One query, or up to four when there is something new."""

    def __init__(self, events: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        fields: dict[str, dict[str, str]] = {}
        for name, data in events:
            seen = fields.setdefault(name, {})
            for field, value in data.items():
                if field not in seen and (kind := kind_of(value)):
                    seen[field] = kind
        self._read(fields)
        new = sorted(fields.keys() - self.by_key.keys())
        if new and EventType.objects.count() + len(new) <= MOST_TYPES:
            # In one order, so that two batches wait for each other rather than for ever.
            EventType.objects.bulk_create([EventType(key=name) for name in new], ignore_conflicts=True)
            self._read(fields)
        if any(self._unknown(one, fields) for one in self.by_key.values()):
            self._note(fields)

    def _read(self, names: Iterable[str]) -> None:
        self.by_key = {one.key: one for one in EventType.objects.filter(key__in=list(names))}

    def _unknown(self, one: EventType, fields: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
        room = MOST_FIELDS - len(one.fields)
        unknown = {name: kind for name, kind in fields[one.key].items() if name not in one.fields}
        return dict(list(unknown.items())[:room])

    def _note(self, fields: Mapping[str, Mapping[str, str]]) -> None:
        """As they are once the lock is held: another batch may have noted fields of its own."""
        locked = EventType.objects.select_for_update().filter(key__in=list(fields)).order_by("pk")
        self.by_key = {one.key: one for one in locked}
        changed = [
            one for one in self.by_key.values() if (new := self._unknown(one, fields)) and not one.fields.update(new)
        ]
        rows = [(one.pk, one.key, one.fields) for one in changed]
        insert(EventType, ("id", "key", "fields"), rows, unique=("id",), update=("fields",))

    def of(self, name: str) -> EventType:
        """Raises Refused."""
        if name not in self.by_key:
            raise Refused("type", _("There are %(most)s event types already. Use one of those.") % {"most": MOST_TYPES})
        return self.by_key[name]


def check_type(name: Any) -> str:
    """Raises Refused."""
    if not isinstance(name, str) or not is_name(name):
        text = _("An event type is named like purchase: at most %(most)s small letters, digits and _, a letter first.")
        raise Refused("type", text % {"most": LONGEST_NAME})
    return name
