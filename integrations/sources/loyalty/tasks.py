"""What django-q2 calls. No arguments; losing a task loses nothing, as the next one finds what is due."""

from __future__ import annotations

from integrations.sources.loyalty import ellity as _ellity
from integrations.sources.loyalty import expiry as _expiry
from integrations.sources.loyalty import pin_mails as _pin_mails


def expire_points() -> None:
    _expiry.expire_points()


def send_pin_mails() -> None:
    _pin_mails.send_pin_mails()


def retain() -> None:
    _ellity.forget_bodies()
