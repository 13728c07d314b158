from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class CdpConfig(AppConfig):
    name = "integrations.sources.cdp"
    label = "cdp"
    verbose_name = _("Customer Data Platform")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from integrations.sources.cdp import setup

        post_migrate.connect(setup.write_identifiers, sender=self)
        post_migrate.connect(setup.write_schedules, sender=self)
