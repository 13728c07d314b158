"""What a customer of Contacthub and a subscriber of Contactsend both become. Pure.

Values are by the userdb's field, in one form for both sides (`send_values`); None is empty. `base` is how both were
when they were last equal: it tells which side has changed since, so nothing that comes back is taken for news, whatever
was written, lost or written twice in between.
"""

from __future__ import annotations

import datetime
import enum
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

State = bool | None


class Rule(enum.StrEnum):
    """Whose value is kept where both sides have changed it."""

    NEWEST = "newest"
    HUB = "hub"
    SEND = "send"


class Where(enum.StrEnum):
    HUB = "hub"
    SEND = "send"


@dataclass(frozen=True)
class Side:
    """One side as it was read. `subscriptions`: subscribed, unsubscribed, or None while nothing was decided.

    `time` is when it was last changed, as far as known: of everything in it at the latest. A subscription may have a
    time of its own.
    """

    values: Mapping[str, Any]
    subscriptions: Mapping[str, State] = field(default_factory=dict)
    time: datetime.datetime | None = None
    subscription_times: Mapping[str, datetime.datetime] = field(default_factory=dict)

    def decided_by(self, name: str) -> datetime.datetime | None:
        """When a subscription was decided at the latest."""
        return self.subscription_times.get(name, self.time)


EMPTY = Side({})


@dataclass(frozen=True)
class Merge:
    """How both become equal: what to write to each, and which values that loses (of the side named)."""

    values: dict[str, Any]
    subscriptions: dict[str, State]
    to_hub: dict[str, Any]
    to_send: dict[str, Any]
    subscribe_hub: dict[str, bool]
    subscribe_send: dict[str, bool]
    lost: dict[str, tuple[Where, Any]]

    @property
    def writes_hub(self) -> bool:
        return bool(self.to_hub or self.subscribe_hub)

    @property
    def writes_send(self) -> bool:
        return bool(self.to_send or self.subscribe_send)


def merge(
    base: Side | None,
    hub: Side,
    send: Side,
    rule: Rule,
    *,
    fields: Collection[str],
    subscriptions: Collection[str] = (),
    from_hub_only: Collection[str] = (),
) -> Merge:
    """`base` is None when they meet for the first time. Fields of `from_hub_only` can't be written in Contacthub."""
    values: dict[str, Any] = {}
    lost: dict[str, tuple[Where, Any]] = {}
    for name in fields:
        ours, theirs = hub.values.get(name), send.values.get(name)
        if name in from_hub_only:
            values[name] = ours
            continue
        undisputed = _winner(base, ours, theirs, name)
        winner = undisputed or _ruled(rule, hub.time, send.time)
        values[name] = ours if winner == Where.HUB else theirs
        if undisputed is None:
            lost[name] = (Where.SEND, theirs) if winner == Where.HUB else (Where.HUB, ours)
    states = {name: _subscribed(base, hub, send, name) for name in subscriptions}
    return Merge(
        values=values,
        subscriptions=states,
        to_hub={name: value for name, value in values.items() if value != hub.values.get(name)},
        to_send={name: value for name, value in values.items() if value != send.values.get(name)},
        subscribe_hub=_changes(states, hub),
        subscribe_send=_changes(states, send),
        lost=lost,
    )


def _winner(base: Side | None, ours: Any, theirs: Any, name: str) -> Where | None:
    """Whose value counts without a rule; None when both sides have one of their own."""
    if ours == theirs:
        return Where.HUB
    before = base.values.get(name) if base else None
    if theirs == before:
        return Where.HUB
    return Where.SEND if ours == before else None


def _ruled(rule: Rule, hub_time: datetime.datetime | None, send_time: datetime.datetime | None) -> Where:
    if rule != Rule.NEWEST:
        return Where(rule)
    return Where.SEND if send_time and (hub_time is None or send_time > hub_time) else Where.HUB


def _subscribed(base: Side | None, hub: Side, send: Side, name: str) -> State:
    ours, theirs = hub.subscriptions.get(name), send.subscriptions.get(name)
    before = base.subscriptions.get(name) if base else None
    if ours == theirs:
        return ours
    if before is not None and None in (ours, theirs):
        # Taken out on one side, which is as good as unsubscribed there.
        ours, theirs = bool(ours), bool(theirs)
    if ours is None or theirs is None:
        return theirs if ours is None else ours
    if before is not None:
        return ours if theirs == before else theirs
    # Both have decided, differently: the unsubscription counts unless the subscription is known to be newer. That
    # something about a subscriber was changed doesn't make the subscription new.
    in_favour, against = (hub, send) if ours else (send, hub)
    yes, no = in_favour.subscription_times.get(name), against.decided_by(name)
    return yes is not None and no is not None and yes > no


def _changes(states: Mapping[str, State], side: Side) -> dict[str, bool]:
    return {
        name: state for name, state in states.items() if state is not None and state != side.subscriptions.get(name)
    }
