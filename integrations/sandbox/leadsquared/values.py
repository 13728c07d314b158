"""What each data type of LeadSquared accepts, and the form it is kept in. A check gets text, never empty."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import datetime

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

CALLING_CODES = frozenset(str(code) for code in COUNTRY_CODE_TO_REGION_CODE)
BOOLEANS = {"0": "0", "1": "1", "false": "0", "true": "1"}
EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;.]+")
PHONE = re.compile(r"\+?[\d\s().-]+")
# Anything else than this form may be an error at the vendor, so here it is one.
DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?")
XSS = re.compile(r"<\s*(script|iframe|img|svg)\b|javascript:", re.IGNORECASE)
NOT_DIGIT = re.compile(r"\D+")
FEWEST_DIGITS, MOST_DIGITS = 5, 17

Check = Callable[[str], str]


def digits(value: str) -> str:
    return value if value.isdigit() else NOT_DIGIT.sub("", value)


def split_phone(value: str) -> tuple[str, str]:
    """Country code and number: ("45", "20304050") of "+45 20 30 40 50"; no code without a plus."""
    number = digits(value)
    if value.lstrip().startswith("+"):
        for length in (1, 2, 3):
            if number[:length] in CALLING_CODES:
                return number[:length], number[length:]
    return "", number


def phone(value: str) -> str:
    if not PHONE.fullmatch(value) or not FEWEST_DIGITS <= len(digits(value)) <= MOST_DIGITS:
        raise ValueError("is not a phone number")
    code, number = split_phone(value)
    return f"+{code}-{number}" if code else number


def email(value: str) -> str:
    if not EMAIL.fullmatch(value):
        raise ValueError("is not an email address")
    return value


def boolean(value: str) -> str:
    try:
        return BOOLEANS[value.lower()]
    except KeyError:
        raise ValueError("is not a Boolean") from None


def number(value: str) -> str:
    try:
        finite = math.isfinite(float(value))
    except ValueError:
        finite = False
    if not finite:
        raise ValueError("is not a Number")
    return value


def date(value: str) -> str:
    if not DATE.fullmatch(value):
        raise ValueError("is not a Date of the form yyyy-mm-dd hh:mm:ss")
    try:
        datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("is not a Date that exists") from None
    return value


def time(value: str) -> str:
    if not TIME.fullmatch(value):
        raise ValueError("is not a Time of the form hh:mm")
    return value


def one_of(options: frozenset[str]) -> Check:
    def check(value: str) -> str:
        if value not in options:
            raise ValueError("is not one of the options")
        return value

    return check


def text_of(value: object) -> str | None:
    """JSON value to what the vendor keeps: text or nothing."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return str(value)
    raise TypeError("value is neither text nor number")


CHECKS: dict[str, Check] = {
    "Boolean": boolean,
    "Number": number,
    "Date": date,
    "Time": time,
    "Email": email,
    "Phone": phone,
}
