"""Who may be written to: what a webhook or a read says about a member, and what follows from it. Pure.

Heyloyalty hides unsubscribed members from look-ups: what we know of a person hangs on the member id we kept.
"""

from __future__ import annotations

import datetime
import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from integrations.core.errors import RecordError
from integrations.core.hooks import as_json

TIMES = ("created_at", "updated_at")
# It travels in addresses.
MEMBER_ID = re.compile(r"[A-Za-z0-9-]{1,50}")
NOT_A_WEBHOOK = _(
    "The call's body is not a webhook of a Heyloyalty list. Choose the default JSON format for the webhook."
)


class Standing(enum.StrEnum):
    """How a person stands with a list."""

    NEW = "new"  # no member id is known
    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    GONE = "gone"  # a member id is known, but Heyloyalty has nobody of this id: deleted or made anonymous


class Decision(enum.StrEnum):
    """What to do with a person. RECREATE: forget the member id and create a new member. SKIP: no consent."""

    CREATE = "create"
    UPDATE = "update"
    RECREATE = "recreate"
    SKIP = "skip"


# Standing -> (re-import previously unsubscribed: yes, no). Nobody unsubscribed is ever updated: that could make them
# active again without a trace.
DECISIONS = {
    Standing.NEW: (Decision.CREATE, Decision.CREATE),
    Standing.SUBSCRIBED: (Decision.UPDATE, Decision.UPDATE),
    Standing.UNSUBSCRIBED: (Decision.RECREATE, Decision.SKIP),
    Standing.GONE: (Decision.RECREATE, Decision.SKIP),
}


def decide(standing: Standing, reimport_unsubscribed: bool) -> Decision:
    return DECISIONS[standing][0 if reimport_unsubscribed else 1]


def standing(member_id: str, member: Mapping[str, Any] | None) -> Standing:
    """From the member id we kept ("": none) and what reading it returned (None: nobody)."""
    if not member_id:
        return Standing.NEW
    if member is None:
        return Standing.GONE
    return Standing.UNSUBSCRIBED if is_unsubscribed(member) else Standing.SUBSCRIBED


def is_unsubscribed(member: Mapping[str, Any]) -> bool:
    """The one reliable sign is `unsubscribed_at`; an empty time is written as null or in zeros."""
    at = str(member.get("unsubscribed_at") or "")
    return bool(at) and not at.startswith("0000-00-00")


def age(member: Mapping[str, Any]) -> datetime.timedelta | None:
    """Between a member's creation and the last change of it, by Heyloyalty's own clock. None when it doesn't say."""
    try:
        created, updated = (datetime.datetime.fromisoformat(str(member.get(name))) for name in TIMES)
        return updated - created
    except (ValueError, TypeError):
        return None


@dataclass(frozen=True)
class News:
    """What a list webhook is about. `type` is subscribe, update, unsubscribe, or another word of Heyloyalty's."""

    member_id: str
    list_id: int
    type: str


def read_webhook(body: bytes) -> News:
    """The body of a list webhook: only whom it is about. Anybody could have sent it, so read the member again.

    Raises RecordError when it is none.
    """
    try:
        said = as_json(body)
        news = News(str(said["member_id"]), int(said["list_id"]), str(said["type"])[:50])
    except (ValueError, KeyError, TypeError, OverflowError):
        news = None
    if news is None or not MEMBER_ID.fullmatch(news.member_id):
        raise RecordError(str(NOT_A_WEBHOOK))
    return news
