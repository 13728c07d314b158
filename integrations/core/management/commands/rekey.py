from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import models, transaction
from fernet_fields.fields import EncryptedField

CHUNK = 500


class Command(BaseCommand):
    help = (
        "Encrypt everything again under the first key of FERNET_KEYS. To rotate: put the new key first, restart, "
        "run this, then take the old key out and restart."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        for model in apps.get_models():
            names = [field.name for field in model._meta.local_fields if isinstance(field, EncryptedField)]
            if names:
                self.stdout.write(f"{model._meta.label}: {rekey(model, names)} rows")


def rekey(model: type[models.Model], names: list[str]) -> int:
    """Rewrite the encrypted columns of a table, historical models included; returns the number of rows."""
    total, last = 0, None
    while True:
        rows = model._base_manager.order_by("pk").only(*names)
        chunk = list((rows.filter(pk__gt=last) if last is not None else rows)[:CHUNK])
        if not chunk:
            return total
        with transaction.atomic():
            for row in chunk:
                values = {name: getattr(row, name) for name in names}
                model._base_manager.filter(pk=row.pk).update(**values)
        total, last = total + len(chunk), chunk[-1].pk
