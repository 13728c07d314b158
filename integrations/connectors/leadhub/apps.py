from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LeadHubConfig(AppConfig):
    name = "integrations.connectors.leadhub"
    label = "leadhub"
    verbose_name = _("LeadHub Integration")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from integrations.connectors.leadhub import listen  # noqa: F401 – it connects itself to the loyalty source
