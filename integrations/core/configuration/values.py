"""A connection's settings between three forms: JSON as a snapshot has it, the data of the page's form, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cryptography.fernet import InvalidToken
from django.contrib.admin.utils import flatten_fieldsets
from django.db import models

from integrations.core.fields import SecretField
from integrations.core.models import Connection
from integrations.core.references import keys_of, name_of, names_of


def setting_columns(page: Any) -> dict[str, Any]:
    """The columns, by name, that a settings page lets people change, and those every connection has; no secrets."""
    model = page.model
    on_page = [name for step in page.steps for name in flatten_fieldsets(step.fieldsets)]
    own = {field.name: field for field in (*model._meta.concrete_fields, *model._meta.many_to_many)}
    names = dict.fromkeys(["name", *on_page, *_shared()])
    return {name: own[name] for name in names if name in own and _is_setting(own[name])}


def readable(connection: Any, secret: str) -> str | None:
    """A saved secret; None for one that can't be decrypted any more."""
    try:
        return str(getattr(connection, secret))
    except InvalidToken:
        return None


def _shared() -> Iterator[str]:
    for field in (*Connection._meta.concrete_fields, *Connection._meta.many_to_many):
        yield field.name


def _is_setting(field: Any) -> bool:
    return field.editable and not isinstance(field, SecretField | models.AutoField) and not field.primary_key


def to_form(field: Any, value: Any) -> Any:
    """A JSON value as the form takes it. Raises LookupError with the first name that no row has."""
    if not field.is_relation:
        return "" if value is None else value
    names = list(value or ()) if field.many_to_many else [value] if value else []
    keys = keys_of(field.related_model, names)
    for name in names:
        if name not in keys:
            raise LookupError(name)
    found = [keys[name] for name in names]
    return found if field.many_to_many else next(iter(found), "")


def from_form(columns: Mapping[str, Any], cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """What a valid form would save, as JSON."""
    return {name: _plain(field, cleaned[name]) for name, field in columns.items() if name in cleaned}


def _plain(field: Any, value: Any) -> Any:
    if field.many_to_many:
        return names_of(value)
    if field.is_relation:
        return None if value is None else name_of(value)
    return value


def default_of(field: Any) -> Any:
    """What a new connection begins with."""
    return [] if field.many_to_many else field.get_default()
