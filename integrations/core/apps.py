from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "integrations.core"
    label = "core"
    verbose_name = _("Sync log")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from integrations.core import checks, preferences, setup  # noqa: F401

        autodiscover_modules("connector")
        post_migrate.connect(setup.write_schedules, sender=self)
        post_migrate.connect(setup.write_groups)
        connection_created.connect(use_sqlite_fully)


def use_sqlite_fully(connection: Any, **kwargs: Any) -> None:
    """Django takes SQLite for one that allows 999 parameters a statement; today's allow far more, and bulk
    inserts need fewer statements then."""
    if connection.vendor == "sqlite":
        import sqlite3

        limit = connection.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
        type(connection.features).max_query_params = limit
