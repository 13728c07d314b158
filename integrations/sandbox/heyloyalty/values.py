"""What each field format accepts, and the form it is kept in: text, or a list of option ids for multi.

A check gets anything but null and empty text and raises ValueError. Lengths, integers, dates and option ids are the
vendor's documentation; the forms of an e-mail address and of a mobile number are ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

LONGEST_TEXT = 255
EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]+")
NUMBER = re.compile(r"-?\d{1,18}")
MOBILE = re.compile(r"\d{6,15}")
BOOLEANS = {"0": "0", "1": "1", "false": "0", "true": "1"}
DATE = (re.compile(r"\d{4}-\d\d-\d\d"), "yyyy-mm-dd")
DATE_AND_TIME = (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "yyyy-mm-dd hh:mm:ss")

Value = str | list[str]
Check = Callable[[Any], Value]


def scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str | int | float):
        return str(value)
    raise ValueError("is neither text nor a number")


def text(value: Any) -> str:
    written = scalar(value)
    if len(written) > LONGEST_TEXT:
        raise ValueError(f"is longer than {LONGEST_TEXT} characters")
    return written


def email(value: Any) -> str:
    written = text(value)
    if not EMAIL.fullmatch(written):
        raise ValueError("is not an e-mail address")
    return written


def mobile(value: Any) -> str:
    written = scalar(value)
    if not MOBILE.fullmatch(written):
        raise ValueError("is not a mobile number of 6 to 15 digits")
    return written


def number(value: Any) -> str:
    written = scalar(value)
    if not NUMBER.fullmatch(written):
        raise ValueError("is not a whole number")
    return written


def boolean(value: Any) -> str:
    try:
        return BOOLEANS[scalar(value).lower()]
    except KeyError:
        raise ValueError("is neither 1 nor 0") from None


def date(with_time: bool) -> Check:
    form, name = DATE_AND_TIME if with_time else DATE

    def check(value: Any) -> str:
        written = scalar(value)
        if not form.fullmatch(written):
            raise ValueError(f"is not a date of the form {name}")
        try:
            datetime.fromisoformat(written)
        except ValueError:
            raise ValueError("is not a date that exists") from None
        return written

    return check


def choice(options: Collection[str]) -> Check:
    def check(value: Any) -> str:
        written = scalar(value)
        if written not in options:
            raise ValueError("is not the id of an option")
        return written

    return check


def multi(options: Collection[str]) -> Check:
    one = choice(options)

    def check(value: Any) -> list[str]:
        if not isinstance(value, list):
            raise ValueError("is not a list of option ids")
        # Each once, in the order they were sent.
        return list(dict.fromkeys(str(one(option)) for option in value))

    return check


NAMED: dict[str, Check] = {"email": email, "mobile": mobile}
FORMATS: dict[str, Check] = {"text": text, "password": text, "number": number, "boolean": boolean}


def check_of(name: str, format: str, options: Collection[str], with_time: bool) -> Check:
    """The check of a field. `with_time`: the list's date format has a time."""
    if format == "date":
        return date(with_time)
    if format in ("choice", "multi"):
        return choice(options) if format == "choice" else multi(options)
    return NAMED.get(name) or FORMATS[format]
