"""What was looked at is what is changed: a plan is carried out only on the settings it was made for."""

from __future__ import annotations

from integrations.core import versions
from integrations.core.configuration.plan import Plan
from integrations.core.models import Connection


class Outdated(Exception):
    """Somebody saved the settings, or enabled or disabled it, since the plan was made."""


def unchanged_since(plan: Plan) -> None:
    """Lock the connection until the transaction ends. Raises Outdated."""
    if plan.is_new:
        return
    found = Connection.objects.select_for_update().filter(pk=plan.obj.pk).first()
    if found is None or (found.state in Connection.OFF) != plan.was_off:
        raise Outdated
    if versions.current_version(found) != plan.version:
        raise Outdated
