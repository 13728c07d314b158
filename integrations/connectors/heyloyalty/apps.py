from django.apps import AppConfig


class HeyloyaltyConfig(AppConfig):
    name = "integrations.connectors.heyloyalty"
    label = "heyloyalty"
    verbose_name = "Heyloyalty"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from integrations.connectors.heyloyalty import listen, used  # noqa: F401 – they connect themselves to the CDP
