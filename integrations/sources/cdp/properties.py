"""What can be known of persons. A property nobody has defined is made when the first value comes in, of its kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from integrations.core.batch import Refused
from integrations.sources.cdp.kinds import checked, kind_of
from integrations.sources.cdp.models import Property
from integrations.sources.cdp.models.people import LONGEST_NAME, NAME_PATTERN

FIELD = "properties"
# A name built from data, like one for each order, would otherwise fill every form.
MOST = 500


class Properties:
    """The properties there are, and those that `rows` bring along. One query, or three when there are new ones."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self.kinds = _kinds()
        new: dict[str, str] = {}
        for row in rows:
            for key, value in row.items():
                if key not in self.kinds and key not in new and is_name(key) and (kind := kind_of(value)):
                    new[key] = kind
        if new and len(self.kinds) + len(new) <= MOST:
            # In one order, so that two batches wait for each other rather than for ever.
            rows_of = [Property(key=key, name=_title(key), kind=new[key]) for key in sorted(new)]
            Property.objects.bulk_create(rows_of, ignore_conflicts=True)
            self.kinds = _kinds()

    def read(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """As persons hold them; None: removed. Raises Refused."""
        return {key: self._read(key, value) for key, value in values.items()}

    def _read(self, key: str, value: Any) -> Any:
        field = f"{FIELD}.{key}"
        if not is_name(key):
            text = _("A property is named like city: at most %(most)s small letters, digits and _, a letter first.")
            raise Refused(field, text % {"most": LONGEST_NAME})
        if value is None or value == "":
            return None
        if kind_of(value) is None:
            raise Refused(field, _("A property is a text, a number, true or false, or a date."))
        if key not in self.kinds:
            raise Refused(field, _("There are %(most)s properties already. Use one of those.") % {"most": MOST})
        return checked(value, self.kinds[key], field)


def _kinds() -> dict[str, str]:
    return dict(Property.objects.values_list("key", "kind"))


def is_name(text: str) -> bool:
    return len(text) <= LONGEST_NAME and re.match(NAME_PATTERN, text) is not None


def _title(key: str) -> str:
    return key.replace("_", " ").strip().capitalize() or key
