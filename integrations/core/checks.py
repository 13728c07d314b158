"""System checks: settings that would lose or leak something are refused before the first request."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security)
def check_keys(**kwargs: Any) -> list[CheckMessage]:
    keys = getattr(settings, "FERNET_KEYS", None)
    if not keys:
        return [Error("FERNET_KEYS is empty.", hint="Set it to one or more long random values.", id="portal.E001")]
    if settings.SECRET_KEY in keys:
        hint = "SECRET_KEY is rotated for other reasons: everything encrypted would be lost. Use a value of its own."
        return [Error("FERNET_KEYS holds SECRET_KEY.", hint=hint, id="portal.E002")]
    return []


@register()
def check_phone_country(**kwargs: Any) -> list[CheckMessage]:
    # Here, so that workers, which make no checks, don't load it.
    from phonenumbers import SUPPORTED_REGIONS

    if not settings.PHONE_COUNTRY or settings.PHONE_COUNTRY in SUPPORTED_REGIONS:
        return []
    hint = "Use two letters, like DK or IT, or leave it out."
    return [Error(f"PHONE_COUNTRY: there is no country “{settings.PHONE_COUNTRY}”.", hint=hint, id="portal.E004")]


def unsafe_queue_settings(conf: dict[str, Any]) -> list[str]:
    """What is wrong with a Q_CLUSTER, as sentences."""
    timeout, retry = conf.get("timeout"), conf.get("retry")
    workers = conf.get("workers", 1)
    if not timeout or not retry:
        return ["timeout and retry must both be set."]
    wrong = []
    if retry <= timeout * (conf.get("queue_limit", workers**2) / workers + 2):
        wrong.append("retry must exceed timeout × (queue_limit ÷ workers + 2), or healthy tasks run twice.")
    if timeout < MINIMUM_TIMEOUT:
        wrong.append(f"timeout must be at least {MINIMUM_TIMEOUT} seconds: a drain sends for 45 and then lands.")
    for name, value, reason in REQUIRED:
        if conf.get(name) != value:
            wrong.append(f"{name} must be {value}: {reason}")
    return wrong


MINIMUM_TIMEOUT = 90
REQUIRED = (
    ("max_attempts", 1, "attempts are counted in our own tables."),
    ("ack_failures", True, "a failed task must not come back for ever."),
    ("catch_up", False, "missed slots must not be replayed."),
    ("bulk", 1, "a worker's tasks must not wait behind each other."),
    ("save_limit", 0, "any other value loads and deletes rows after every task."),
)


@register()
def check_queue(**kwargs: Any) -> list[CheckMessage]:
    return [Error(f"Q_CLUSTER: {text}", id="portal.E003") for text in unsafe_queue_settings(settings.Q_CLUSTER)]
