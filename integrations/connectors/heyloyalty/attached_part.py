"""What is attached as part of a version or a file of settings: by name, without asking what becomes of fields."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.connectors.heyloyalty.activation_pages import ActivationPages
from integrations.connectors.heyloyalty.attached import attach, fields_of
from integrations.connectors.heyloyalty.models import AttachedField
from integrations.core.admin.connection.parts import Part, ReadPart, Row
from integrations.sources.cdp.models import Attribute, Audience

ATTACHED = "attached"
MODELS: dict[str, Any] = {"audience": Audience, "attribute": Attribute}


class AttachedPart(ActivationPages):
    """Part of ActivationAdmin."""

    parts = {
        ATTACHED: Part(
            gettext_lazy("Audiences and calculated attributes"),
            {kind: model._meta.verbose_name for kind, model in MODELS.items()},
        )
    }

    def read_part(self, obj: Any, name: str, rows: Sequence[Row]) -> ReadPart:
        problems = [(place, *problem) for place, row in enumerate(rows) if (problem := _problem(row))]
        unique = {tuple(row.items()): row for row in rows}
        return ReadPart([] if problems else [unique[key] for key in sorted(unique, key=_as_listed)], problems)

    def save_part(self, request: HttpRequest, obj: Any, name: str, rows: Sequence[Row]) -> None:
        """Fields of what is detached stay on the list as they are."""
        subjects = [_subject(row) for row in rows]
        for field in fields_of(obj.pk):
            if field.subject not in subjects:
                field.state = AttachedField.State.DETACHED
                field.save(update_fields=["state"])
        attach(obj, subjects)

    def applied(self, request: HttpRequest, obj: Any, changed: Collection[str]) -> None:
        if ATTACHED in changed:
            self.sync_if_enabled(request, obj)


def _problem(row: Row) -> tuple[str, str] | None:
    if len(row) != 1:
        return "", _("Name one audience or one attribute.")
    [(kind, name)] = row.items()
    if MODELS[kind].objects.filter(name=name).exists():
        return None
    words = {"kind": MODELS[kind]._meta.verbose_name, "name": name}
    return kind, _("There is no %(kind)s “%(name)s” here: create it first, or take the row out.") % words


def _subject(row: Row) -> Any:
    [(kind, name)] = row.items()
    return MODELS[kind].objects.get(name=name)


def _as_listed(row: tuple[tuple[str, str], ...]) -> tuple[int, str]:
    [(kind, name)] = row
    return list(MODELS).index(kind), name
