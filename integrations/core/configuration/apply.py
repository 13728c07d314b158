"""A file of settings, applied: what it would change, what is wrong with it, and doing it in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.core.configuration import yaml_text
from integrations.core.configuration.export import DRAFT, ON, state_of
from integrations.core.configuration.locking import Outdated, unchanged_since
from integrations.core.configuration.operator import recorded
from integrations.core.configuration.plan import Plan
from integrations.core.configuration.reading import Entry, entries, location
from integrations.core.configuration.words import Difference
from integrations.core.forms import ADDRESS_CHANGED, missing_secrets
from integrations.core.models import Connection

OUTDATED = gettext_lazy("Somebody saved its settings meanwhile: start again.")
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

    @property
    def title(self) -> str:
        words = {"connector": self.entry.page.opts.verbose_name, "name": self.entry.name}
        if self.plan.is_new:
            return _("New: %(connector)s “%(name)s”") % words
        return _("%(connector)s “%(name)s”") % words

    @property
    def state(self) -> str:
        """How it is now."""
        return DRAFT if self.plan.is_new else state_of(self.plan.obj)

    @property
    def changes_state(self) -> bool:
        return bool(self.entry.state) and self.entry.state != self.state


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
    plan = Plan(entry.page, request, entry.wanted, entry.existing.pk if entry.existing else None)
    step = Step(entry, plan, list(plan.differences))
    if step.changes_state:
        labels: dict[str, Any] = dict(Connection.State.choices)
        step.differences.append(Difference(_("State"), str(labels[step.state]), str(labels[entry.state])))
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
    if step.changes_state and step.entry.state == ON and (missing := _missing(step)):
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
    """Apply what was looked at, all of it or nothing. Raises Refused."""
    with recorded(request):
        with transaction.atomic():
            saved = [(step, _carry_out(step, request)) for step in found.changing]
        for step, obj in saved:
            step.entry.page.applied(request, obj, step.plan.changed)
            if step.changes_state and step.entry.state == ON:
                step.entry.page.switched_on(request, obj)


def _carry_out(step: Step, request: HttpRequest) -> Any:
    plan, page, path = step.plan, step.entry.page, step.entry.path
    try:
        unchanged_since(plan)
        obj = plan.carry_out() if plan.differences else plan.obj
    except Outdated:
        raise Refused([(path, str(OUTDATED))]) from None
    except IntegrityError:
        raise Refused([(path, _("Another connection has this account already."))]) from None
    page.log_change(request, obj, _("Applied from a file"))
    if step.changes_state:
        if step.entry.state != ON:
            page.switch_off(request, obj)
        elif problem := page.switch_on(request, obj):
            raise Refused([(f"{path}.state", problem)])
    return obj
