"""Somebody else saved settings while a page with them was open: what they saved isn't undone without a word."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Field
from django.utils.translation import gettext_lazy as _

from integrations.core.models import Connection, SettingsVersion
from integrations.core.versions import snapshot

# The hidden field that says which version (its id) a page showed.
SEEN = "seen_version"
CHANGED_TOO = _("Somebody else changed this meanwhile. Save again to put yours in its place.")


def seen_snapshot(connection: Connection, posted: Any) -> dict[str, Any] | None:
    """What the page showed that was sent in; None when it is what is in force, and for what is no page."""
    number = str(posted.get(SEEN, ""))
    if not number.isdecimal():
        return None
    versions = SettingsVersion.objects.filter(connection_id=connection.pk)
    seen = versions.filter(pk__gte=int(number)).order_by("pk")[:2]
    return seen[0].snapshot if len(seen) == 2 and seen[0].pk == int(number) else None


def merge(form: Any, seen: dict[str, Any]) -> None:
    """In a form that is being cleaned: what was left as it was seen becomes what is saved by now, also where the form
    is shown again; what was changed here as well is an error, once."""
    now = snapshot(form.instance)["settings"]
    form.data = form.data.copy()
    for name, was in seen["settings"].items():
        if name not in form.fields or name in form.errors or now.get(name) == was:
            continue
        field, typed = form.fields[name], form[name].data
        if not field.has_changed(form.initial.get(name), typed):
            continue
        if _is_column(form.instance, name) and not field.has_changed(was, typed):
            _take(form, name)
        else:
            form.add_error(name, ValidationError(CHANGED_TOO))


def _is_column(connection: Connection, name: str) -> bool:
    """A version keeps other rows by name, which no form field reads."""
    field = connection._meta.get_field(name)
    return isinstance(field, Field) and not field.is_relation


def _take(form: Any, name: str) -> None:
    saved = form.initial.get(name)
    form.cleaned_data[name] = saved
    if saved in (None, False):
        form.data.pop(name, None)
    else:
        form.data[name] = form.fields[name].prepare_value(saved)


def mapping_changed(connection: Connection, record_type: str, posted: Any) -> bool:
    """Whether somebody else saved the mapping of a record type since the page that was sent in showed it."""
    seen = seen_snapshot(connection, posted)
    return seen is not None and _rows(seen, record_type) != _rows(snapshot(connection), record_type)


def _rows(held: dict[str, Any], record_type: str) -> list[dict[str, Any]]:
    return [row for row in held["mappings"] if row["record_type"] == record_type]
