"""A customer and a subscriber in one form: what they have in the fields and newsletters that are kept equal. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from integrations.connectors.contactsend.hub_answers import subscriptions_of
from integrations.connectors.contactsend.hub_fields import read_hub
from integrations.connectors.contactsend.hub_leaves import READ_ONLY
from integrations.connectors.contactsend.hub_values import read_moment
from integrations.connectors.contactsend.reconcile import Side, State
from integrations.connectors.contactsend.send_types import SUBSCRIBED, UNSUBSCRIBED
from integrations.connectors.contactsend.send_values import normal, typed
from integrations.core import mapping
from integrations.core.errors import RecordError

STATES: Mapping[str, State] = {SUBSCRIBED: True, UNSUBSCRIBED: False}


@dataclass(frozen=True)
class Row:
    """A path of Contacthub and the userdb's field that goes with it; `type` is the field's, in Contactsend's words."""

    path: str
    field: str
    type: str
    is_key: bool = False


@dataclass(frozen=True)
class Newsletter:
    """A subscription of Contacthub, and the registration field and web form that follow it."""

    subscription: str
    registration_field: str
    webform_code: str


@dataclass(frozen=True)
class Shape:
    """What is kept equal. `zone`: on whose clocks times stand in the userdb."""

    rows: tuple[Row, ...]
    newsletters: tuple[Newsletter, ...] = ()
    zone: datetime.tzinfo = datetime.UTC
    last_modified_field: str = ""

    @property
    def fields(self) -> list[str]:
        return [row.field for row in self.rows]

    @property
    def subscriptions(self) -> list[str]:
        return [one.subscription for one in self.newsletters]

    @property
    def from_hub_only(self) -> list[str]:
        return [row.field for row in self.rows if row.path in READ_ONLY]

    @property
    def keys(self) -> list[Row]:
        """The pairs marked as matching."""
        return [row for row in self.rows if row.is_key]

    def match(self, side: Side) -> str:
        """The same for all who would be taken for one person; "" for who can't be found."""
        values = [(side.values.get(row.field) or "").casefold() for row in self.keys]
        return mapping.digest(values) if any(values) else ""

    def newsletter(self, subscription: str) -> Newsletter:
        return next(one for one in self.newsletters if one.subscription == subscription)

    def of_hub(self, customer: Mapping[str, Any]) -> Side:
        """Raises RecordError naming a field that doesn't take what Contacthub has."""
        found = {str(one["id"]): one for one in subscriptions_of(customer)}
        mine = {one.subscription: found.get(one.subscription, {}) for one in self.newsletters}
        return Side(
            values={row.field: self._of_hub(row, read_hub(customer, row.path)) for row in self.rows},
            subscriptions={name: one.get("subscribed") for name, one in mine.items()},
            time=_moment(customer.get("updatedAt")),
            subscription_times={name: at for name, one in mine.items() if (at := _moment(one.get("updatedAt")))},
        )

    def of_send(self, values: Mapping[str, str], seen_at: datetime.datetime | None = None) -> Side:
        """`seen_at`: when a change was found, where the userdb doesn't tell when it was made."""
        return Side(
            values={row.field: normal(row.type, values.get(row.field) or "", self.zone) or None for row in self.rows},
            subscriptions={
                one.subscription: STATES.get((values.get(one.registration_field) or "").strip())
                for one in self.newsletters
            },
            time=self.modified_at(values) or seen_at,
        )

    def modified_at(self, values: Mapping[str, str]) -> datetime.datetime | None:
        """When a subscriber was last changed, where the userdb has a field for it."""
        return _moment(values.get(self.last_modified_field), self.zone) if self.last_modified_field else None

    def _of_hub(self, row: Row, value: Any) -> str | None:
        try:
            return normal(row.type, typed(row.type, value, self.zone).text, self.zone) or None
        except ValueError as error:
            wrong = _("%(path)s: what Contacthub has %(error)s, so the userdb's field %(field)s can't take it.") % {
                "path": row.path,
                "error": error,
                "field": row.field,
            }
        raise RecordError(
            _("%(wrong)s Correct it in Contacthub or change the mapping, then press Retry.") % {"wrong": wrong}
        )


def digest(side: Side) -> str:
    """Equal means that nothing has changed there; the time doesn't count."""
    return mapping.digest({"values": side.values, "subscriptions": side.subscriptions})


def _moment(text: Any, zone: datetime.tzinfo = datetime.UTC) -> datetime.datetime | None:
    """`zone`: of times that name none."""
    try:
        return read_moment(text, zone) if text else None
    except (ValueError, OverflowError):
        return None
