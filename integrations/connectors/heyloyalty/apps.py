from django.apps import AppConfig


class HeyloyaltyConfig(AppConfig):
    name = "integrations.connectors.heyloyalty"
    label = "heyloyalty"
    verbose_name = "Heyloyalty"
    default_auto_field = "django.db.models.BigAutoField"
