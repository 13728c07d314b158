"""More Actions of a connection: enable, disable, test, process held calls. POST only, each with its permission."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

from cryptography.fernet import InvalidToken
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from integrations.core.admin.connection.check import run_check
from integrations.core.admin.connection.pages import ConnectionPages
from integrations.core.connector import Job
from integrations.core.engine import collect, inbox
from integrations.core.engine.wake import wake
from integrations.core.forms import missing_secrets
from integrations.core.models import Connection, Run, SettingsVersion
from integrations.core.registry import connector_class, connector_for, job_label

State = Connection.State
RUN = "core.run_connection"


class ConnectionActions(ConnectionPages):
    """Part of ConnectionAdmin."""

    def verbs(self, request: HttpRequest, obj: Any) -> list[dict[str, Any]]:
        """The actions this user can take on this connection now."""
        if not request.user.has_perm(RUN):
            return []
        running = obj.state in (State.ENABLED, State.ATTENTION)
        names = [("disable", _("Disable sync"))] if running else [("enable", _("Enable sync"))]
        names.append(("test", _("Test connection")))
        if obj.state == State.ENABLED and self._jobs(obj):
            names.append(("run", _("Run now")))
        return [{"label": label, "url": self.page_url("do", obj, verb), "verb": verb} for verb, label in names]

    def fields_to_enable(self, obj: Any) -> tuple[str, ...]:
        """Record types whose fields `not_ready` looks at, as far as they can be read."""
        return ()

    def not_ready(self, obj: Any) -> str:
        """What a connector misses before it can be enabled, with what to do; empty when nothing."""
        return ""

    def switched_on(self, request: HttpRequest, obj: Any) -> None:
        """What a connector does once somebody has enabled it."""

    def do_view(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        obj = self.connection_or_404(request, pk)
        if not request.user.has_perm(RUN):
            raise PermissionDenied
        done: dict[str, Callable[[HttpRequest, Any], HttpResponse]] = {
            "enable": self._enable,
            "disable": self._disable,
            "test": self._test,
            "process-held": self._process_held,
            "run": self._run,
        }
        if verb not in done:
            raise Http404
        return done[verb](request, obj)

    def _enable(self, request: HttpRequest, obj: Any) -> HttpResponse:
        if problem := self.switch_on(request, obj):
            self._tell(request, obj, problem, messages.ERROR)
        else:
            self._tell(request, obj, _("The sync is enabled."), messages.SUCCESS)
            self.switched_on(request, obj)
        return self._back(request, obj)

    def switch_on(self, request: HttpRequest, obj: Any) -> str:
        """Returns what stands in the way; empty when it is on. Once that is committed, `switched_on` follows."""
        if problem := cannot_enable(obj) or self.not_ready(obj):
            return problem
        self._switch(request, obj, State.ENABLED, _("Enabled by %(user)s"))
        wake(obj.pk)
        return ""

    def switch_off(self, request: HttpRequest, obj: Any) -> None:
        self._switch(request, obj, State.DISABLED, _("Disabled by %(user)s"))

    def _disable(self, request: HttpRequest, obj: Any) -> HttpResponse:
        self.switch_off(request, obj)
        texts = [_("The sync is disabled.")]
        if self.hooked:
            texts.append(_("Calls that come in now are kept until somebody has them processed."))
        if connector_class(obj.connector).exports:
            texts.append(_("Changes from now on are not kept for it: export once when it is enabled again."))
        self._tell(request, obj, " ".join(texts), messages.SUCCESS)
        return self._back(request, obj)

    def _process_held(self, request: HttpRequest, obj: Any) -> HttpResponse:
        if obj.state != State.ENABLED:
            self._tell(request, obj, _("Enable the sync first; then the held calls can be processed."), messages.ERROR)
        else:
            number = inbox.process_held(obj)
            self._tell(
                request, obj, _("%(number)s held calls are processed now.") % {"number": number}, messages.SUCCESS
            )
        return self._back(request, obj)

    def _jobs(self, obj: Any) -> dict[str, Job]:
        try:
            with closing(connector_for(obj)) as connector:
                return connector.jobs()
        except InvalidToken:
            return {}

    def _run(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Start what is scheduled, now."""
        if obj.state != State.ENABLED:
            self._tell(request, obj, _("Enable the sync first."), messages.ERROR)
            return self._back(request, obj)
        user: Any = request.user
        for name, job in self._jobs(obj).items():
            label, hindrance = job_label(obj.connector, name), collect.in_the_way(obj, name, job)
            if hindrance is not None and hindrance.job != name:
                text = _("Not started: %(job)s waits for %(run)s (%(other)s).")
                words = {"job": label, "run": hindrance, "other": job_label(obj.connector, hindrance.job)}
                self._tell(request, obj, text % words, messages.WARNING)
            elif collect.start(obj, name, Run.Trigger.MANUAL, user):
                text = _("Started: %(job)s. Its progress is in the log, under Sync jobs.")
                self._tell(request, obj, text % {"job": label}, messages.SUCCESS)
            else:
                self._tell(request, obj, _("Under way already: %(job)s.") % {"job": label}, messages.WARNING)
        return self._back(request, obj)

    def _test(self, request: HttpRequest, obj: Any) -> HttpResponse:
        steps = run_check(obj)
        passed = bool(steps) and all(step.ok for step in steps)
        resumed = passed and obj.state == State.ATTENTION
        if resumed:
            self._switch(request, obj, State.ENABLED, _("Enabled again: a test by %(user)s went well"))
            wake(obj.pk)
        context = self.page_context(request, obj, None, checks=steps, passed=passed, resumed=resumed)
        return TemplateResponse(request, "admin/core/connection/check.html", context)

    def _switch(self, request: HttpRequest, obj: Any, state: str, reason: str) -> None:
        reason = reason % {"user": request.user.get_username()}
        obj.set_state(state, reason)
        self.log_change(request, obj, reason)

    def _tell(self, request: HttpRequest, obj: Any, text: str, level: int) -> None:
        self.message_user(request, text, level)

    def _back(self, request: HttpRequest, obj: Any) -> HttpResponse:
        if request.POST.get("back") == "marketplace":
            return redirect("admin:core_connection_changelist")
        names = [step.name for step in self.steps]
        name = request.POST.get("step", "")
        query = f"?step={name}" if name in names else ""
        return redirect(self.page_url("change", obj) + query)


def cannot_enable(connection: Any) -> str:
    """Why this connection can't be enabled yet, with what to do; empty when it can."""
    if missing := missing_secrets(connection):
        return _("Enter %(keys)s first.") % {"keys": ", ".join(missing)}
    if not SettingsVersion.objects.filter(connection_id=connection.pk).exists():
        return _("Save the settings once first.")
    return ""
