from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CdpConfig(AppConfig):
    name = "integrations.sources.cdp"
    label = "cdp"
    verbose_name = "Customer Data Platform"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from integrations.sources.cdp import setup

        post_migrate.connect(setup.write_identifiers, sender=self)
