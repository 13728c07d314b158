"""What can be asked of a value, by its kind."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from integrations.sources.cdp.models.people import Kind

_EITHER = {"known": _("is known"), "unknown": _("is not known")}

# Text is compared as it is written: upper and lower case are different.
OPERATORS: Mapping[str, Mapping[str, Promise]] = {
    Kind.TEXT: {
        "equal": _("is"),
        "not_equal": _("is not"),
        "contains": _("contains"),
        "starts_with": _("starts with"),
        **_EITHER,
    },
    Kind.NUMBER: {
        "equal": _("is"),
        "not_equal": _("is not"),
        "over": _("is over"),
        "at_least": _("is at least"),
        "under": _("is under"),
        "at_most": _("is at most"),
        **_EITHER,
    },
    Kind.YES_NO: {"yes": _("is Yes"), "no": _("is No"), **_EITHER},
    Kind.DATE: {
        "on": _("is on"),
        "before": _("is before"),
        "after": _("is after"),
        "within_last": _("is within the last … days"),
        "longer_ago": _("is longer ago than … days"),
        "within_next": _("is within the next … days"),
        **_EITHER,
    },
}
TIMES: Mapping[str, Promise] = {"at_least": _("at least"), "at_most": _("at most"), "exactly": _("exactly")}

NO_VALUE = frozenset({"known", "unknown", "yes", "no"})
# Counted from today: what they find changes at midnight.
DAYS = frozenset({"within_last", "longer_ago", "within_next"})
ALL = frozenset(name for operators in OPERATORS.values() for name in operators)
