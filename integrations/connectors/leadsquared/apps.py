from django.apps import AppConfig


class LeadSquaredConfig(AppConfig):
    name = "integrations.connectors.leadsquared"
    label = "leadsquared"
    verbose_name = "LeadSquared Lead Sync"
    default_auto_field = "django.db.models.BigAutoField"
