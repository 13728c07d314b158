"""Values of calculated attributes, as pages show them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from integrations.core.admin.log.sight import Sight
from integrations.sources.cdp.models.people import Kind


def shown_value(request: HttpRequest, kind: str, value: Any) -> str:
    """Text may name a person: it is masked for those who may not see personal data."""
    if kind == Kind.YES_NO:
        return _("Yes") if value else _("No")
    if kind == Kind.NUMBER:
        return formats.number_format(round(value, 6), use_l10n=True, force_grouping=True)
    if kind == Kind.DATE:
        return formats.date_format(timezone.localtime(value), "DATETIME_FORMAT")
    return Sight.of(request).label(str(value))
