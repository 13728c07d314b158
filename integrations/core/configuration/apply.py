"""A file of settings, applied: what it would change, what is wrong with it, and doing it in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from cryptography.fernet import InvalidToken
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.core import catalog
from integrations.core.configuration import yaml_text
from integrations.core.configuration.export import DRAFT, ON, state_of
from integrations.core.configuration.locking import Outdated, unchanged_since
from integrations.core.configuration.operator import recorded
from integrations.core.configuration.plan import Plan
from integrations.core.configuration.reading import Entry, entries, location
from integrations.core.configuration.words import Difference
from integrations.core.connector import Field
from integrations.core.engine.lease import nobody_at_work
from integrations.core.errors import SyncError
from integrations.core.forms import ADDRESS_CHANGED, missing_secrets
from integrations.core.models import Connection
from integrations.core.registry import connector_class

OUTDATED = gettext_lazy("Somebody saved its settings meanwhile: start again.")
AT_WORK = gettext_lazy(
    "A worker is at work on it, for a minute at most: apply the file again then, or disable it first."
)
Problem = tuple[str, str]


class Refused(Exception):
    """Nothing was written; `problems` are (path in the file, sentence)."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(problems)
        self.problems = list(problems)


@dataclass
class Step:
    """What becomes of one connection of the file."""

    entry: Entry
    plan: Plan
    differences: list[Difference] = field(default_factory=list)
    # What changes is only changed while it is off: it is disabled for that, and enabled again.
    pauses: bool = False

    @property
    def title(self) -> str:
        words = {"connector": self.entry.page.opts.verbose_name, "name": self.entry.name}
        if self.plan.is_new:
            return _("New: %(connector)s “%(name)s”") % words
        return _("%(connector)s “%(name)s”") % words

    @property
    def state(self) -> str:
        """How it is now."""
        return state_of(self.entry.existing) if self.entry.existing else DRAFT

    @property
    def changes_state(self) -> bool:
        return bool(self.entry.state) and self.entry.state != self.state

    @property
    def goes_off(self) -> bool:
        """First of all."""
        return self.pauses or (self.changes_state and self.entry.state != ON)

    @property
    def goes_on(self) -> bool:
        """Last of all."""
        return self.pauses or (self.changes_state and self.entry.state == ON)


@dataclass
class Look:
    steps: list[Step]
    problems: list[Problem]
    # Names of connections that the file doesn't have.
    others: list[str]

    @property
    def changing(self) -> list[Step]:
        return [step for step in self.steps if step.differences]


def look(text: str, request: HttpRequest) -> Look:
    """What the file would change; writes nothing."""
    try:
        found, problems = entries(yaml_text.read(text))
    except yaml_text.Unreadable as error:
        return Look([], [("", str(error))], [])
    steps = [_step(entry, request) for entry in found if entry.page and not entry.problems]
    for step in steps:
        problems += _problems(step)
    names = {entry.name for entry in found}
    others = Connection.objects.exclude(name__in=names).values_list("name", flat=True)
    return Look(steps, problems, sorted(others))


def _step(entry: Entry, request: HttpRequest) -> Step:
    pk = entry.existing.pk if entry.existing else None
    step = Step(entry, Plan(entry.page, request, entry.wanted, pk))
    if step.plan.held_back and step.state == ON:
        # What holds it back may be no more than that it is enabled.
        step.plan = Plan(entry.page, request, entry.wanted, pk, off=True)
        step.pauses = entry.state in ("", ON)
    step.differences = [*step.plan.differences]
    on, off = Connection.State.ENABLED.label, Connection.State.DISABLED.label
    if step.pauses:
        step.differences.insert(0, Difference(_("State"), str(on), _("%(state)s, for what follows") % {"state": off}))
        step.differences.append(Difference(_("State"), str(off), str(on)))
    elif step.changes_state:
        labels: dict[str, Any] = dict(Connection.State.choices)
        change = Difference(_("State"), str(labels[step.state]), str(labels[entry.state]))
        step.differences.insert(0 if step.goes_off else len(step.differences), change)
    return step


def _problems(step: Step) -> list[Problem]:
    path = step.entry.path
    found = []
    for problem in step.plan.problems:
        at = location(problem.where)
        found.append((f"{path}.{at}" if at else path, _for_a_file(problem.text)))
    if step.changes_state and step.entry.state == DRAFT:
        text = _("It was set up already and can't be a draft again: write disabled.")
        found.append((f"{path}.state", text))
    if step.goes_on and (missing := _missing(step)):
        text = _("It can't be enabled: %(names)s is not set. Add it under secrets, or leave it disabled.")
        found.append((f"{path}.state", text % {"names": ", ".join(missing)}))
    return found


def _missing(step: Step) -> list[str]:
    given = step.plan.wanted.secrets
    labels = {str(step.plan.obj._meta.get_field(name).verbose_name) for name in given}
    return [label for label in missing_secrets(step.plan.obj) if label not in labels]


def _for_a_file(text: str) -> str:
    if text != str(ADDRESS_CHANGED):
        return text
    return _(
        "The address is another one. Saved keys are never sent to an address they were not entered for: set the "
        "environment variable of this secret."
    )


def carry_out(found: Look, request: HttpRequest) -> None:
    """Apply what was looked at, all of it or nothing: whatever is disabled first, what is enabled last. Raises Refused.

    Vendors are asked before, and written to afterwards: in between the database waits for nobody.
    """
    with recorded(request):
        fields = [_fields_to_enable(step) for step in found.changing]
        with transaction.atomic():
            for step in found.changing:
                _switch_off(step, request)
            saved = [(step, _save(step, request)) for step in found.changing]
            for (step, obj), known in zip(saved, fields, strict=True):
                _switch_on(step, obj, known, request)
        for step, obj in saved:
            step.entry.page.applied(request, obj, step.plan.changed)
            if step.goes_on:
                step.entry.page.switched_on(request, obj)


def _fields_to_enable(step: Step) -> dict[str, list[Field]]:
    """The vendor's fields that decide whether it can be enabled, by record type. Raises Refused."""
    if not step.goes_on or not (names := step.entry.page.fields_to_enable(result := step.plan.result)):
        return {}
    try:
        with closing(connector_class(step.entry.page.opts.app_label)(result)) as connector:
            return {name: catalog.read(connector, name) for name in names}
    except SyncError as error:
        raise Refused([(f"{step.entry.path}.state", error.message)]) from None
    except InvalidToken:
        raise Refused([(f"{step.entry.path}.state", str(catalog.UNREADABLE))]) from None


def _switch_off(step: Step, request: HttpRequest) -> None:
    plan = step.plan
    try:
        unchanged_since(plan)
    except Outdated:
        raise Refused([(step.entry.path, str(OUTDATED))]) from None
    if step.goes_off and not plan.is_new:
        step.entry.page.switch_off(request, plan.obj)
    if plan.off and not nobody_at_work(plan.obj.pk):
        raise Refused([(step.entry.path, str(AT_WORK))])


def _save(step: Step, request: HttpRequest) -> Any:
    plan, page, path = step.plan, step.entry.page, step.entry.path
    try:
        obj = plan.carry_out() if plan.differences else plan.obj
    except IntegrityError:
        raise Refused([(path, _("Another connection has this account already."))]) from None
    page.log_change(request, obj, _("Applied from a file"))
    if step.goes_off and plan.is_new:
        page.switch_off(request, obj)
    return obj


def _switch_on(step: Step, obj: Any, fields: Mapping[str, list[Field]], request: HttpRequest) -> None:
    if not step.goes_on:
        return
    for record_type, known in fields.items():
        catalog.keep(obj.pk, record_type, known)
    if problem := step.entry.page.switch_on(request, obj):
        raise Refused([(f"{step.entry.path}.state", problem)])
