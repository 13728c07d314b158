"""A version of a connection's settings: what it held, how today differs from it, and going back to it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from integrations.core.admin.connection.parts import ConnectionParts
from integrations.core.configuration import words
from integrations.core.configuration.locking import Outdated, unchanged_since
from integrations.core.configuration.plan import Plan
from integrations.core.configuration.rows import by_type
from integrations.core.configuration.wanted import Problem, wanted_of
from integrations.core.fields import secret_names
from integrations.core.forms import ADDRESS_CHANGED
from integrations.core.models import SettingsVersion


class ConnectionVersions(ConnectionParts):
    """Part of ConnectionAdmin."""

    def can_revert(self, request: HttpRequest, obj: Any) -> bool:
        """Going back changes settings and mapping alike."""
        return self.has_change_permission(request, obj) and request.user.has_perm("core.change_fieldmapping")

    def version_view(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        obj = self.connection_or_404(request, pk)
        version = SettingsVersion.objects.filter(connection_id=obj.pk, number=number).first()
        if version is None:
            raise Http404
        can_revert = self.can_revert(request, obj)
        if request.method == "POST" and not can_revert:
            raise PermissionDenied
        plan = Plan(self, request, wanted_of(version.snapshot, self), obj.pk) if can_revert else None
        if request.method == "POST" and plan is not None and plan.differences and not plan.problems:
            return self._revert(request, obj, version, plan)
        return self._version_page(request, obj, version, plan)

    def _revert(self, request: HttpRequest, obj: Any, version: SettingsVersion, plan: Plan) -> HttpResponse:
        try:
            if request.POST.get("from") != str(plan.version):
                raise Outdated
            with transaction.atomic():
                unchanged_since(plan)
                saved = plan.carry_out()
                self.log_change(request, saved, _("Reverted to version %(number)s") % {"number": version.number})
        except (Outdated, IntegrityError):
            text = _("Somebody saved the settings meanwhile. Nothing was reverted: look at the differences again.")
            messages.error(request, text)
            return redirect(request.path)
        self.applied(request, saved, plan.changed)
        text = _("The settings are those of version %(number)s again.")
        messages.success(request, text % {"number": version.number})
        return redirect(self.page_url("history", obj))

    def _version_page(
        self, request: HttpRequest, obj: Any, version: SettingsVersion, plan: Plan | None
    ) -> HttpResponse:
        held = version.snapshot
        settings = held["settings"]
        context = self.page_context(
            request,
            obj,
            None,
            version=version,
            held=[(words.label_of(self.model, name), words.value_in_words(self.model, name, settings[name]))
                  for name in settings if self._is_shown(name)],
            mappings=[(words.record_type_label(obj.connector, name), rows)
                      for name, rows in by_type(held.get("mappings", ())).items()],
            parts=[(part.label, [words.row_in_words(row) for row in held.get("parts", {}).get(name, [])])
                   for name, part in self.parts.items()],
            plan=plan,
            problems=_for_a_revert(plan.problems) if plan else [],
            secrets=self._secrets_since(obj, version),
        )  # fmt: skip
        return TemplateResponse(request, "admin/core/connection/version.html", context)

    def _is_shown(self, name: str) -> bool:
        known = {field.name: field for field in (*self.opts.concrete_fields, *self.opts.many_to_many)}
        return name in known and known[name].editable

    def _secrets_since(self, obj: Any, version: SettingsVersion) -> list[str]:
        """Labels of the secrets that were entered after this version: their old values are nowhere."""
        stamps = version.snapshot["settings"].get("secrets_set", {})
        changed = [name for name in secret_names(self.model) if obj.secrets_set.get(name) != stamps.get(name)]
        return [words.label_of(self.model, name) for name in changed]


def _for_a_revert(problems: list[Problem]) -> list[Problem]:
    """Where a page would ask for the secrets again, the way to do so."""
    if not any(problem.text == str(ADDRESS_CHANGED) for problem in problems):
        return problems
    text = _(
        "This version sends to another address. Saved keys are never sent to an address they were not entered for: "
        "change the address on the settings page and enter the keys there, then revert the rest."
    )
    rest = [problem for problem in problems if problem.text != str(ADDRESS_CHANGED)]
    return [Problem((), "", text), *rest]
