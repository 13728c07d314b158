"""The Pause, Resume and Stop buttons of long work."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from integrations.core.engine import control
from integrations.core.models import Run

RUN = "core.run_connection"
STOPPABLE = (Run.Status.RUNNING, Run.Status.PAUSED)


def may_run(request: HttpRequest) -> bool:
    return request.user.has_perm(RUN)


def require_run_permission(request: HttpRequest) -> None:
    if not may_run(request):
        raise PermissionDenied


def long_or_404(run: Run) -> Run:
    if not _is_long(run):
        raise Http404
    return run


def _is_long(run: Run) -> bool:
    """A Retry of one event is over in a moment."""
    return run.trigger in control.LONG and (run.trigger != Run.Trigger.RETRY or run.read > 1 or not run.complete)


def buttons(request: HttpRequest, run: Run) -> dict[str, bool]:
    """Which of them this user can press now."""
    mine = _is_long(run) and may_run(request)
    return {
        "can_pause": mine and run.status == Run.Status.RUNNING,
        "can_resume": mine and run.status == Run.Status.PAUSED,
        "can_stop": mine and run.status in STOPPABLE,
    }


def pause_run(request: HttpRequest, run: Run) -> None:
    if control.pause(run):
        _note(run, _("Paused by %(user)s.") % {"user": request.user.get_username()})
        messages.success(request, _("%(job)s is paused. Live changes are sent as before.") % {"job": run})
    else:
        tell_unchanged(request, run)


def resume_run(request: HttpRequest, run: Run) -> None:
    if control.resume(run):
        _note(run, "")
        messages.success(request, _("%(job)s goes on.") % {"job": run})
    else:
        tell_unchanged(request, run)


def stop_run(request: HttpRequest, run: Run) -> None:
    if control.stop(run):
        _note(run, _("Stopped by %(user)s.") % {"user": request.user.get_username()})
        messages.success(request, _("%(job)s is being stopped: nothing more of it is sent.") % {"job": run})
    else:
        tell_unchanged(request, run)


def tell_unchanged(request: HttpRequest, run: Run) -> None:
    """Somebody else was faster, or it ended meanwhile."""
    run.refresh_from_db(fields=["status"])
    text = _("Nothing was changed: %(job)s is now “%(status)s”.")
    messages.warning(request, text % {"job": run, "status": run.get_status_display()})


def _note(run: Run, message: str) -> None:
    """For the run's page, unless somebody has turned it again since."""
    Run.objects.filter(pk=run.pk, status=run.status).update(message=message)
