from django.apps import AppConfig


class FlexPOSConfig(AppConfig):
    name = "integrations.connectors.flexpos"
    label = "flexpos"
    verbose_name = "Amero/FlexPOS"
    default_auto_field = "django.db.models.BigAutoField"
