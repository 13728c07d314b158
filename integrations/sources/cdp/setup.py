"""Rows every installation has."""

from __future__ import annotations

from typing import Any

from integrations.sources.cdp.models import IdentifierType


def write_identifiers(**kwargs: Any) -> None:
    """Email, unless an administrator has given the name or the key to another one."""
    if not IdentifierType.objects.filter(key="email").exists():
        IdentifierType.objects.get_or_create(name="Email", defaults={"key": "email", "kind": IdentifierType.Kind.EMAIL})
