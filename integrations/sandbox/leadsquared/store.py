"""The leads of one account, found by id and by every unique field without a search."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from integrations.sandbox.leadsquared.errors import duplicate, invalid
from integrations.sandbox.leadsquared.fields import FieldBook
from integrations.sandbox.leadsquared.values import digits, split_phone

# Only what was written; defaults and nulls are laid under it when a lead is read.
Lead = dict[str, str | None]
Values = Mapping[str, str | None]

KEYS: dict[str, Callable[[str], str]] = {"Phone": digits, "Email": str.lower}
NUMBERS = ("Phone", "Mobile")


class LeadStore:
    """Guarded by the account's lock."""

    def __init__(self, fields: FieldBook) -> None:
        self.fields = fields
        self.leads: dict[str, Lead] = {}
        self.last_number = 0
        self.reindex()

    def reindex(self) -> None:
        """After a change of which fields are unique."""
        self.keys = {name: KEYS.get(self.fields.fields[name].type, str.casefold) for name in self.fields.unique}
        self.unique: dict[str, dict[str, str]] = {name: {} for name in self.keys}
        self.national: dict[str, tuple[str, ...]] = {}
        for lead_id, lead in self.leads.items():
            self._index(lead_id, lead)

    def find(self, field: str, value: str | None) -> str | None:
        """The id of the lead that has this value in a unique field (or this id). Raises MXError for other fields."""
        if not value:
            return None
        if field == "ProspectID":
            return value.lower() if value.lower() in self.leads else None
        index = self.unique.get(field)
        if index is None:
            raise invalid(f"SearchBy field '{field}' is not a unique field")
        return index.get(self.keys[field](value))

    def find_by_number(self, value: str) -> list[str]:
        """Leads with this phone or mobile number, given with or without country code."""
        number = digits(value)
        found = [self.unique[name].get(number) for name in NUMBERS if name in self.unique]
        ids = dict.fromkeys([*(lead_id for lead_id in found if lead_id), *self.national.get(number, ())])
        return list(ids)

    def create(self, values: Values, now: str) -> str:
        """Raises MXError when a unique value belongs to another lead or a mandatory one is missing."""
        self.fields.refuse_missing(values)
        self._refuse_duplicates(values, None)
        lead_id = str(uuid4())
        self.last_number += 1
        lead: Lead = {
            "ProspectID": lead_id,
            "ProspectAutoId": str(self.last_number),
            "CreatedOn": now,
            "ModifiedOn": now,
        }
        lead.update({name: value for name, value in values.items() if value})
        self.leads[lead_id] = lead
        self._index(lead_id, values)
        return lead_id

    def update(self, lead_id: str, values: Values, now: str) -> list[str]:
        """Writes what was sent and names what changed. Raises MXError on a collision."""
        lead = self.leads[lead_id]
        defaults = self.fields.defaults
        changed = {
            name: value
            for name, value in values.items()
            if (lead.get(name) or defaults[name]) != (value or defaults[name])
        }
        if changed:
            self._refuse_duplicates(changed, lead_id)
            self._unindex(lead_id, {name: lead.get(name) for name in changed})
            lead.update(changed)
            for name in [name for name, value in changed.items() if not value]:
                del lead[name]
            self._index(lead_id, changed)
        lead["ModifiedOn"] = now
        return list(changed)

    def flat(self, lead_id: str) -> dict[str, Any]:
        """A lead as it is read: every field, text or null, times with milliseconds."""
        lead = self.leads[lead_id]
        flat: dict[str, Any] = self.stored(lead_id)
        flat["LeadLastModifiedOn"] = flat["NotableEventdate"] = lead["ModifiedOn"]
        for name in self.fields.dates:
            if flat[name]:
                flat[name] += ".000"
        return flat

    def stored(self, lead_id: str) -> Lead:
        """Every field as it is kept, defaults filled in; those alone for no id."""
        return {**self.fields.defaults, **self.leads.get(lead_id, {})}

    def _refuse_duplicates(self, values: Values, lead_id: str | None) -> None:
        for name, index in self.unique.items():
            value = values.get(name)
            if value and index.get(self.keys[name](value), lead_id) != lead_id:
                raise duplicate(value, name)

    def _index(self, lead_id: str, values: Values) -> None:
        for name, index in self.unique.items():
            value = values.get(name)
            if value:
                index[self.keys[name](value)] = lead_id
        for name in NUMBERS:
            value = values.get(name)
            if value:
                number = split_phone(value)[1]
                self.national[number] = (*self.national.get(number, ()), lead_id)

    def _unindex(self, lead_id: str, values: Values) -> None:
        for name, index in self.unique.items():
            value = values.get(name)
            if value:
                index.pop(self.keys[name](value), None)
        for name in NUMBERS:
            value = values.get(name)
            if value:
                number = split_phone(value)[1]
                # Phone and Mobile may be the same number: one entry goes, not both.
                ids = list(self.national.get(number, ()))
                if lead_id in ids:
                    ids.remove(lead_id)
                self.national[number] = tuple(ids)
