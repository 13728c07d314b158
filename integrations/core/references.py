"""How a setting that points to other rows is written down: by their names, which mean the same in another database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models

NAMING = ("key", "name")


def naming_column(model: type[models.Model]) -> str:
    """The unique column by which people know a row of this model; its primary key when it has none."""
    columns = {field.name: field for field in model._meta.concrete_fields}
    return next((name for name in NAMING if name in columns and columns[name].unique), "pk")


def name_of(row: models.Model) -> str:
    return str(getattr(row, naming_column(type(row))))


def names_of(rows: Iterable[models.Model]) -> list[str]:
    return sorted(name_of(row) for row in rows)


def keys_of(model: type[models.Model], names: Iterable[str]) -> dict[str, Any]:
    """Primary keys by name, of those names that there are."""
    column = naming_column(model)
    rows = model._default_manager.filter(**{f"{column}__in": list(names)})
    return {str(name): key for name, key in rows.values_list(column, "pk")}
