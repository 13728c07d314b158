from django.apps import AppConfig


class SandboxConfig(AppConfig):
    """Practice mode: an emulator of each vendor, served on its own port by `manage.py sandbox`. It has no tables."""

    name = "integrations.sandbox"
    label = "sandbox"
    verbose_name = "Practice vendors"
