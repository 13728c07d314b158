"""Encrypted columns. They can't be searched: what must be found has a normalised or hashed column beside it."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import FieldError
from django.db import models
from fernet_fields import EncryptedTextField


class _PlainValuesOnly:
    """django-fernet-fields would encrypt the *text* of an SQL expression and destroy the value: refuse expressions."""

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if hasattr(value, "resolve_expression") or hasattr(value, "as_sql"):
            raise FieldError("An encrypted column takes plain values only: set it on the object and call save().")
        return super().get_db_prep_save(value, connection)  # type: ignore[misc]


class EncryptedText(_PlainValuesOnly, EncryptedTextField):  # type: ignore[misc]
    """Text that holds personal data: payloads and bodies."""


class EncryptedBytes(_PlainValuesOnly, EncryptedTextField):  # type: ignore[misc]
    """Bytes as they came over the wire; not necessarily valid text."""

    def to_python(self, value: Any) -> Any:
        return value

    def get_prep_value(self, value: Any) -> Any:
        return value

    def from_db_value(self, value: Any, expression: Any, connection: Any, *args: Any) -> bytes | None:
        return None if value is None else self.fernet.decrypt(bytes(value))


class SecretField(EncryptedText):
    """A key or password: write-only in forms, left out of history, never in a page, log or task argument."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("blank", True)
        kwargs.setdefault("default", "")
        super().__init__(*args, **kwargs)

    def formfield(self, **kwargs: Any) -> Any:
        from integrations.core.forms import SecretInput

        return super().formfield(**{"strip": True, **kwargs, "widget": SecretInput})


def secret_names(model: type[models.Model]) -> tuple[str, ...]:
    """Names of the columns of `model` that hold secrets."""
    return tuple(field.name for field in model._meta.get_fields() if isinstance(field, SecretField))


def stamp(by: str, at: datetime.datetime) -> dict[str, str]:
    """What history keeps of a changed secret: when and by whom, never its value."""
    return {"at": at.isoformat(timespec="seconds"), "by": by}
