"""What the first page says of Raptor."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from integrations.core.notices import Notice, notice
from integrations.sources.cdp.raptor.models import RaptorCall, RaptorPull, RaptorSettings


@notice
def raptor_notices(request: HttpRequest) -> Iterator[Notice]:
    """For those who may see its page."""
    if not request.user.has_perm("cdp.view_raptorsettings"):
        return
    row = RaptorPull.objects.filter(pk=1).exclude(problem="").first()
    if row is not None and RaptorSettings.objects.filter(pk=1, pull=True).exists():
        since = formats.date_format(timezone.localtime(row.problem_since), "DATETIME_FORMAT")
        text = _("Raptor: %(problem)s (since %(since)s)") % {"problem": row.problem, "since": since}
        level = "bad" if row.stopped else "warning"
        yield Notice(text, reverse("admin:cdp_raptorsettings_changelist"), level)
    if RaptorCall.objects.filter(status=RaptorCall.Status.FAILED)[:1].exists():
        yield Notice(_("Pushes of Raptor could not be applied."), reverse("admin:cdp_raptorcall_changelist"), "bad")
