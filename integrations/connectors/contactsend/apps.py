from django.apps import AppConfig


class ContactsendConfig(AppConfig):
    name = "integrations.connectors.contactsend"
    label = "contactsend"
    verbose_name = "Contacthub ↔ Contactsend"
    default_auto_field = "django.db.models.BigAutoField"
