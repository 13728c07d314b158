"""Test connection: whether each vendor is reached and its clock agrees, then the connector's own steps."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from email.utils import parsedate_to_datetime
from typing import Any

from cryptography.fernet import InvalidToken
from django.utils.translation import gettext as _

from integrations.core.catalog import UNREADABLE
from integrations.core.connector import CheckStep
from integrations.core.errors import SyncError
from integrations.core.forms import missing_secrets
from integrations.core.http import Call
from integrations.core.http.listening import Heard, listening
from integrations.core.registry import connector_for

# Signed calls and tokens are refused when the clocks are further apart.
MAX_CLOCK_SKEW = datetime.timedelta(minutes=5)


def run_check(connection: Any) -> list[CheckStep]:
    """With what is saved; what goes wrong on the way is the last step."""
    if missing := missing_secrets(connection):
        text = _("Enter %(keys)s, save, and test again.") % {"keys": ", ".join(missing)}
        return [CheckStep(_("Keys are entered"), False, text)]
    return with_vendors(_asked(connection))


def with_vendors(asked: Iterable[CheckStep]) -> list[CheckStep]:
    """Those about each vendor that these steps call on their way, then these steps."""
    with listening() as heard:
        steps = list(asked)
    if heard and heard[-1].call.status is None and steps and not steps[-1].ok:
        # That the vendor isn't reached is said already.
        steps.pop()
    return [*_about_vendors(heard), *steps]


def _asked(connection: Any) -> Iterator[CheckStep]:
    try:
        with closing(connector_for(connection)) as connector:
            yield from connector.check()
    except SyncError as error:
        yield CheckStep(_("The vendor answers"), False, error.message)
    except InvalidToken:
        yield CheckStep(_("Keys can be read"), False, str(UNREADABLE))


def _about_vendors(heard: Sequence[Heard]) -> Iterator[CheckStep]:
    """By the last call to each of them."""
    last = {(each.vendor, each.origin): each.call for each in heard}
    for (vendor, origin), call in last.items():
        reached = call.status is not None
        yield CheckStep(_("%(vendor)s is reached") % {"vendor": vendor}, reached, origin if reached else call.error)
        if (apart := clocks_apart(call)) is not None:
            yield _clock(vendor, apart)


def _clock(vendor: str, apart: datetime.timedelta) -> CheckStep:
    label = _("The clocks of %(vendor)s and this server agree") % {"vendor": vendor}
    if apart <= MAX_CLOCK_SKEW:
        return CheckStep(label, True)
    text = _("They differ by %(seconds)s s. Set this server's clock.") % {"seconds": int(apart.total_seconds())}
    return CheckStep(label, False, text)


def clocks_apart(call: Call) -> datetime.timedelta | None:
    """How far the vendor's time is from ours when it answered; None when it doesn't tell its time."""
    dates = [value for name, value in call.response_headers.items() if name.lower() == "date"]
    try:
        told = parsedate_to_datetime(dates[0])
        return abs(told - call.started_at - datetime.timedelta(milliseconds=call.duration_ms))
    except (IndexError, TypeError, ValueError):
        return None
