"""Audiences and attributes that Raptor names: created at first sight, renamed when Raptor renames them, deleted.

Each step is a transaction of its own: definitions are never changed while persons are locked (`cdp.locks`).
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from integrations.core.batch import Refused
from integrations.core.engine.rows import insert
from integrations.core.redact import clean
from integrations.sources.cdp import definitions
from integrations.sources.cdp.kinds import is_storable
from integrations.sources.cdp.locks import change_definitions
from integrations.sources.cdp.models import Attribute, Audience
from integrations.sources.cdp.raptor.models import RaptorDefinition, RaptorKind

LONGEST_ID, LONGEST_NAME = 60, 120
MODELS: dict[str, type[Audience] | type[Attribute]] = {RaptorKind.AUDIENCE: Audience, RaptorKind.ATTRIBUTE: Attribute}
COLUMNS = ("kind", "external_id", "name", "last_at", "deleted_at")
Key = tuple[str, str]


@dataclass(frozen=True)
class Sighting:
    """Raptor said at this time that it has an audience or attribute of this name. `value_kind`: an attribute's Kind."""

    kind: str
    external_id: str
    name: str
    at: datetime.datetime
    value_kind: str = ""
    description: str = ""

    @property
    def key(self) -> Key:
        return self.kind, self.external_id


def id_of(value: object) -> str:
    """An id as Raptor writes it. Raises Refused."""
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not 0 < len(text) <= LONGEST_ID or not is_storable(text):
        raise Refused("id", _("The id is missing, or longer than %(most)s characters.") % {"most": LONGEST_ID})
    return text


@transaction.atomic
def keep(sightings: Iterable[Sighting]) -> set[Key]:
    """See that what was sighted exists, by its latest name; returns what was deleted in Raptor after it was sighted."""
    sightings = sorted(sightings, key=lambda one: one.at)
    known = _locked({one.key for one in sightings})
    there = _there({one.key for one in sightings})
    gone: set[Key] = set()
    changed: dict[Key, RaptorDefinition] = {}
    for one in sightings:
        row = known.get(one.key) or RaptorDefinition(kind=one.kind, external_id=one.external_id, last_at=one.at)
        if row.deleted_at is not None and one.at <= row.deleted_at:
            gone.add(one.key)
            continue
        gone.discard(one.key)
        name = _wording(one)
        definition = there.get(one.key)
        if definition is None:
            there[one.key] = _create(one, name)
        elif one.at >= row.last_at and row.name and row.name != name:
            _rename(definition, one, name)
        if one.at >= row.last_at and (row.name, row.deleted_at, row.last_at) != (name, None, one.at):
            row.name, row.deleted_at, row.last_at = name, None, one.at
            changed[one.key] = row
        known[one.key] = row
    _write(changed.values())
    return gone


@transaction.atomic
def delete_audience(external_id: str, name: str, at: datetime.datetime) -> bool | None:
    """Raptor deleted it at this time. False: changes of later came before; None: there was none."""
    key = (RaptorKind.AUDIENCE.value, external_id)
    row = _locked({key}).get(key) or RaptorDefinition(kind=key[0], external_id=external_id, name=name, last_at=at)
    if at < row.last_at:
        return False
    row.last_at = row.deleted_at = at
    _write([row])
    audience = Audience.objects.filter(external_id=external_id).first()
    if audience is None:
        return None
    definitions.delete_audience(audience)
    return True


def _locked(keys: Collection[Key]) -> dict[Key, RaptorDefinition]:
    names = {external_id for _kind, external_id in keys}
    rows = RaptorDefinition.objects.select_for_update().filter(external_id__in=names).order_by("pk")
    return {(row.kind, row.external_id): row for row in rows}


def _there(keys: Collection[Key]) -> dict[Key, Audience | Attribute]:
    found: dict[Key, Audience | Attribute] = {}
    for kind, model in MODELS.items():
        if names := {external_id for one, external_id in keys if one == kind}:
            rows = model._default_manager.filter(external_id__in=names)
            found |= {(kind, row.external_id or ""): row for row in rows}
    return found


def _create(sighting: Sighting, name: str) -> Audience | Attribute:
    change_definitions()
    # Another worker may have been first.
    if made := _there({sighting.key}):
        return made[sighting.key]
    values = {"external_id": sighting.external_id, "description": sighting.description}
    if sighting.kind == RaptorKind.AUDIENCE:
        audience = Audience(kind=Audience.Kind.FIXED, name=_free(Audience, name, sighting), **values)
        definitions.save_audience(audience)
        return audience
    attribute = Attribute(kind=sighting.value_kind, name=_free(Attribute, name, sighting), **values)
    definitions.save_attribute(attribute)
    return attribute


def _rename(definition: Audience | Attribute, sighting: Sighting, name: str) -> None:
    change_definitions()
    definition.refresh_from_db()
    definition.name = _free(type(definition), name, sighting)
    if isinstance(definition, Audience):
        definitions.save_audience(definition)
    else:
        definitions.save_attribute(definition)


def _free(model: type[Audience] | type[Attribute], name: str, sighting: Sighting) -> str:
    """Names are unique here: one that another has gets Raptor's id behind it."""
    others = model._default_manager.exclude(external_id=sighting.external_id)
    if not others.filter(name=name).exists():
        return name
    mark = f" (Raptor {sighting.external_id})"
    return name[: LONGEST_NAME - len(mark)] + mark


def _wording(sighting: Sighting) -> str:
    return clean(sighting.name, LONGEST_NAME).replace("\n", " ").strip() or sighting.external_id


def _write(rows: Iterable[RaptorDefinition]) -> None:
    values = [tuple(getattr(row, name) for name in COLUMNS) for row in rows]
    insert(RaptorDefinition, COLUMNS, values, unique=("kind", "external_id"), update=COLUMNS[2:])
