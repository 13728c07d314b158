"""How LeadSquared Lead Sync works: webhooks of the source account in, leads and activities to the destination."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from http import HTTPStatus
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.connectors.leadsquared import activities, card, leads, preview
from integrations.connectors.leadsquared.client import BULK, GENERAL, MAX_ACTIVITIES, MAX_UPSERT, LeadSquaredClient
from integrations.connectors.leadsquared.fields import (
    ACTIVITY_MAPPING,
    CREATABLE,
    LEAD_MAPPING,
    PHONES,
    activity_fields,
    lead_field,
)
from integrations.connectors.leadsquared.models import Behaviour, LeadSquaredConnection
from integrations.connectors.leadsquared.payloads import LEAD_OF_ACTIVITY, normalise
from integrations.connectors.leadsquared.values import Converter, moment, phone
from integrations.core.connector import (
    CheckStep,
    Connector,
    Field,
    Item,
    Kind,
    Outcome,
    Received,
    Record,
    RecordType,
    Skip,
    Standing,
)
from integrations.core.errors import SyncError
from integrations.core.http.ratelimit import Limit, RateLimits
from integrations.core.mapping import Mapped, digest, is_empty, map_record
from integrations.core.models import Delivery
from integrations.core.redact import pseudonym
from integrations.core.registry import register

LEAD = RecordType("lead", gettext_lazy("Lead"), gettext_lazy("Leads"), LEAD_MAPPING, MAX_UPSERT)
ACTIVITY = RecordType(
    "activity", gettext_lazy("Activity"), gettext_lazy("Activities"), ACTIVITY_MAPPING, MAX_ACTIVITIES, optional=True
)
# LeadSquared counts over five seconds, by when calls arrive; a little longer here keeps uneven travel times from
# costing a 429.
WINDOW_SECONDS = 5.25


@register(LeadSquaredConnection)
class LeadSync(Connector):
    label = gettext_lazy("LeadSquared Lead Sync")
    summary = gettext_lazy("Leads and activities of one LeadSquared account arrive in another.")
    flow = card.FLOW
    needs = card.NEEDS
    record_types = (LEAD, ACTIVITY)
    connection: LeadSquaredConnection

    @cached_property
    def limits(self) -> RateLimits:
        return RateLimits(
            {
                GENERAL: Limit(self.connection.calls_per_5s, WINDOW_SECONDS),
                BULK: Limit(self.connection.bulk_calls_per_5s, WINDOW_SECONDS),
            }
        )

    @cached_property
    def client(self) -> LeadSquaredClient:
        own = self.connection
        return LeadSquaredClient(own.base_url, own.access_key, own.secret_key, self.limits)

    @cached_property
    def converter(self) -> Converter:
        return Converter(self.connection.zone, self.connection.default_country_code)

    def close(self) -> None:
        if "client" in self.__dict__:
            self.client.close()

    # -- what the settings page asks ---------------------------------------------------------------

    def describe(self, record_type: str) -> list[Field]:
        if record_type == ACTIVITY.name:
            return activity_fields(self.client.activity_types())
        return [lead_field(spec) for spec in self.client.lead_fields() if spec.get("SchemaName")]

    def users(self) -> list[tuple[str, str]]:
        """Active users of the account: (e-mail, name with e-mail)."""
        active = [user for user in self.client.users() if not user.get("StatusCode") and user.get("EmailAddress")]
        return [(user["EmailAddress"], _name(user)) for user in active]

    def create_lead_field(self, label: str, kind: Kind) -> Field:
        """Add Custom: create a custom lead field in the account."""
        name = self.client.create_lead_field(label, CREATABLE[kind])
        return Field(name, label, kind)

    def check(self) -> Iterator[CheckStep]:
        try:
            self.client.lead_field("EmailAddress")
        except SyncError as error:
            yield CheckStep(_("LeadSquared answers and accepts the keys"), False, error.message)
            return
        yield CheckStep(_("LeadSquared answers and accepts the keys"), True, self.connection.base_url)
        yield from self._check_search_fields()

    def _check_search_fields(self) -> Iterator[CheckStep]:
        try:
            names = {field.name for field in self.describe(LEAD.name)}
        except SyncError as error:
            yield CheckStep(_("The account's lead fields can be read"), False, error.message)
            return
        yield CheckStep(
            _("The account's lead fields can be read"), True, _("%(number)s fields") % {"number": len(names)}
        )
        for name in filter(None, (self.connection.search_by, self.connection.secondary_search_by)):
            detail = "" if name in names else _("Choose another field under Basic Settings.")
            yield CheckStep(_("The search field %(name)s exists") % {"name": name}, name in names, detail)

    # -- in ----------------------------------------------------------------------------------------

    # Any other status counts as a failure of the webhook, and repeated ones have LeadSquared switch it off.
    refuses_with = HTTPStatus.OK

    @classmethod
    def acknowledge(cls, ok: bool, reason: str = "") -> dict[str, Any]:
        return {"Status": "Success" if ok else "Error", "StatusReason": reason}

    def receive(self, delivery: Delivery) -> Received:
        found = normalise(delivery.body or b"", delivery.content_type)
        records = [self.lead(payload) for payload in found.leads]
        if self.connection.sync_activities:
            records += [self.activity(payload) for payload in found.activities]
        elif found.activities:
            found.ignored.append(
                _("%(number)s activities: Activity Entity is switched off.") % {"number": len(found.activities)}
            )
        return Received(records, found.ignored)

    def lead(self, payload: dict[str, Any]) -> Record:
        source_id = _id(payload.get("ProspectID"))
        label = self._label(payload)
        changed = self._moment(payload.get("ModifiedOn"))
        key = source_id or f"search-{pseudonym(label)}" if source_id or label else f"body-{digest(payload)[:40]}"
        # With a time in it, the same body is the same event; without one, A → B → A may be three true changes.
        once = digest([LEAD.name, payload]) if changed else None
        return Record(LEAD.name, key, payload, label, changed, once)

    def activity(self, payload: dict[str, Any]) -> Record:
        key = _id(payload.get("ProspectActivityId")) or f"body-{digest(payload)[:40]}"
        changed = self._moment(payload.get("ModifiedOn"))
        once = digest([ACTIVITY.name, payload])
        return Record(ACTIVITY.name, key, payload, self._label(payload.get(LEAD_OF_ACTIVITY) or {}), changed, once)

    def _label(self, payload: dict[str, Any]) -> str:
        """The e-mail or phone people search for, normalised."""
        criteria = (self.connection.search_by, self.connection.secondary_search_by)
        for name in dict.fromkeys((*criteria, "EmailAddress", "Phone", "Mobile")):
            if not is_empty(value := payload.get(name)) and not isinstance(value, dict | list):
                return self._normalised(name, str(value))
        return ""

    def _normalised(self, name: str, value: str) -> str:
        if name in PHONES:
            try:
                return phone(value, self.connection.default_country_code).replace("-", "")
            except ValueError:
                return value.strip()
        return value.strip().lower()

    def _moment(self, raw: Any) -> datetime.datetime | None:
        try:
            return moment(raw, self.connection.zone) if raw else None
        except ValueError:
            return None

    # -- out ---------------------------------------------------------------------------------------

    def parent(self, item: Item) -> tuple[str, str] | None:
        source_lead = _id(item.payload.get("RelatedProspectId")) if item.record_type == ACTIVITY.name else ""
        return (LEAD.name, source_lead) if source_lead else None

    def prepare(self, item: Item) -> Mapped | Skip:
        if item.record_type == ACTIVITY.name:
            return self.converted(ACTIVITY, item.payload)
        if self.connection.lead_behaviour == Behaviour.NOTHING:
            return Skip.DO_NOTHING
        return self.prepare_lead(item.payload)

    def prepare_lead(self, payload: dict[str, Any]) -> Mapped | Skip:
        mapped = self.converted(LEAD, payload)
        if not any(mapped.values.get(name) for name in self.criteria):
            return Skip.NO_KEY
        if self.connection.lead_source:
            mapped.values.setdefault("Source", self.connection.lead_source)
        return mapped

    @property
    def criteria(self) -> list[str]:
        """The search fields, the primary one first."""
        return [name for name in (self.connection.search_by, self.connection.secondary_search_by) if name]

    def converted(self, record_type: RecordType, payload: dict[str, Any]) -> Mapped:
        mapped = map_record(self.mapping(record_type.name), payload)
        for part in (mapped.values, mapped.defaults):
            for name, raw in part.items():
                part[name] = self.convert(record_type.name, name, raw)
        return mapped

    def convert(self, record_type: str, target: str, raw: Any) -> str:
        unknown = Field(target, target, Kind.PHONE if target in PHONES else Kind.TEXT)
        return self.converter.convert(raw, self.fields(record_type).get(target) or unknown)

    # -- preview -----------------------------------------------------------------------------------

    def example(self, record_type: str, pasted: Any) -> Record:
        return preview.example(self, record_type, pasted)

    def standing(self, item: Item) -> Standing:
        if item.record_type == ACTIVITY.name:
            return preview.activity_standing(self, item)
        return preview.lead_standing(self, item)

    def deliver(self, record_type: str, items: Sequence[Item]) -> Iterable[Outcome]:
        if record_type == ACTIVITY.name:
            return activities.deliver(self, items)
        return leads.deliver(self, items)


def _id(value: Any) -> str:
    """An id of the source account; "" for what can't be one."""
    return str(value) if isinstance(value, str | int) and value else ""


def _name(user: dict[str, Any]) -> str:
    name = " ".join(filter(None, (user.get("FirstName"), user.get("LastName"))))
    return f"{name} ({user['EmailAddress']})" if name else str(user["EmailAddress"])
