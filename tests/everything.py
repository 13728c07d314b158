"""All that the database holds, as one text: every column of every table, decrypted."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from cryptography.fernet import InvalidToken
from django.apps import apps

# Keys and names of Django's own, not of persons.
ELSEWHERE = ("auth.", "contenttypes.", "sessions.")


def everything_decrypted(without: Collection[str] = ()) -> str:
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]
    parts = []
    for model in models:
        label = model._meta.label
        if label in without or label.startswith(ELSEWHERE):
            continue
        for pk in model._base_manager.order_by("pk").values_list("pk", flat=True):
            parts.append(f"{label} {_row(model, pk)}")
    return "\n".join(parts)


def _row(model: Any, pk: Any) -> str:
    names = [field.attname for field in model._meta.concrete_fields]
    try:
        row = model._base_manager.filter(pk=pk).values(*names).first()
    except InvalidToken:
        return "can't be decrypted"
    return json.dumps({name: _text(value) for name, value in row.items()}, ensure_ascii=False, default=str)


def _text(value: Any) -> Any:
    return bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | memoryview) else value
