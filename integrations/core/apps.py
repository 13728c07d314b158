from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "integrations.core"
    label = "core"
    verbose_name = "Sync log"
    default_auto_field = "django.db.models.BigAutoField"
