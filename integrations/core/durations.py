"""How long something takes, in words."""

from __future__ import annotations

from django.utils.translation import gettext as _

MINUTE, HOUR = 60, 60 * 60


def about(seconds: float) -> str:
    """“about 5 h 36 min”: seconds as people say them, in the two largest units."""
    if seconds < MINUTE:
        return _("less than a minute")
    # Rounded before it is taken apart: 59 minutes and 40 seconds are an hour, not 60 minutes.
    hours, minutes = divmod(round(seconds / MINUTE), 60)
    if not hours:
        return _("about %(minutes)d min") % {"minutes": minutes}
    if hours < 24:
        return _("about %(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    days, hours = divmod(round(seconds / HOUR), 24)
    return _("about %(days)d d %(hours)d h") % {"days": days, "hours": hours}
