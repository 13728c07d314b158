from django.apps import AppConfig


class CdpConfig(AppConfig):
    name = "integrations.sources.cdp"
    label = "cdp"
    verbose_name = "Customer Data Platform"
    default_auto_field = "django.db.models.BigAutoField"
