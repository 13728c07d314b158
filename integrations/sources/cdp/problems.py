"""Whether a definition can be calculated: its `problem` says why not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from integrations.sources.cdp import calculations
from integrations.sources.cdp.conditions import Catalogue, ConditionError, Group, check, parse
from integrations.sources.cdp.models import Attribute, Audience

Definition = Attribute | Audience


@dataclass(frozen=True)
class Readable:
    """An audience whose condition makes sense by now."""

    audience: Audience
    group: Group


def readable(audiences: Iterable[Audience], known: Catalogue) -> list[Readable]:
    """Those that can be calculated. The others stay as they are."""
    found = []
    for audience in audiences:
        try:
            found.append(Readable(audience, _group(audience, known)))
        except ConditionError:
            continue
    return found


def hindrance(definition: Definition, known: Catalogue) -> str:
    """A sentence about what keeps it from being calculated; empty if nothing does."""
    try:
        if isinstance(definition, Attribute):
            calculations.check(definition, known)
        elif definition.kind == Audience.Kind.CONDITIONS:
            _group(definition, known)
    except ConditionError as error:
        return str(error)
    return ""


def is_hindered(definition: Definition) -> bool:
    """As its `problem` has it; values that were left out are one, too, but don't keep it from being calculated."""
    fine = ("", calculations.left_out(definition)) if isinstance(definition, Attribute) else ("",)
    return definition.problem not in fine


def is_calculated(definition: Definition) -> bool:
    """A fixed audience is told; of an attribute that is told, values that don't fit its type any more are to go."""
    return isinstance(definition, Attribute) or definition.kind == Audience.Kind.CONDITIONS


def note(definition: Definition, **columns: object) -> None:
    """Write these columns of a locked definition, leaving its history alone."""
    for name, value in columns.items():
        setattr(definition, name, value)
    type(definition).objects.filter(pk=definition.pk).update(**columns)


def _group(audience: Audience, known: Catalogue) -> Group:
    group = parse(audience.condition)
    check(group, known)
    return group
