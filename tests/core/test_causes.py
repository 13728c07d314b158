"""Failures that differ in values only have one cause."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.core.causes import DIGEST_LENGTH, TEXT_LENGTH, cause_of, without_values


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("LeadSquared refused Mobile '12' (field Phone).", "LeadSquared refused Mobile … (field Phone)."),
        ("The list “Members 2024” has no field VIP any more.", "The list … has no field VIP any more."),
        ('The field "Shoe size" takes 20 characters.', 'The field "Shoe size" takes … characters.'),
        ("'mx_City' is mandatory, 'Anna' is no number.", "'mx_City' is mandatory, … is no number."),
        ("Street (mx_Street1): what the source sent is not a date.",) * 2,
        ("It doesn't exist, and the person's name isn't known.",) * 2,
        ("Its EmailAddress belongs to another lead (7c9e6679-7425-40de-944b-e07fc1f90ae7).",
         "Its EmailAddress belongs to another lead (…)."),
        ("anna.larsen@example.test is no customer; bo@example.test neither.", "… is no customer; … neither."),
        ("It was refused for anna@example.test.", "It was refused for …."),
        ("Call +45 20 30 40 50 back on 2026-11-26T21:30:00Z or 26/11/2026.", "Call … back on … or …."),
        ("Call 20304050 back.", "Call … back."),
        ("Given up after 10 attempts. The last one: HTTP 503.", "Given up after … attempts. The last one: HTTP …."),
        ("See R120 of J7.", "See … of …."),
        ("Object 5f2b9c0d1e2f3a4b is locked, version -3.5.", "Object … is locked, version …."),
        ("The record ••• is refused.", "The record … is refused."),
        ("1, 2, 3 and 4 are taken.", "… and … are taken."),
        ("See https://api.example.test/lead?id=12.", "See …."),
        ("", ""),
    ],
)  # fmt: skip
def test_values_are_taken_out_and_fields_stay(message: str, text: str) -> None:
    assert without_values(message) == text


def test_one_cause_for_all_values_and_one_for_each_field_and_code() -> None:
    first = cause_of("refused", "LeadSquared refused Mobile '12' (field Phone).")
    assert first == cause_of("refused", "LeadSquared refused Mobile '4711' (field Phone).")
    assert first.digest != cause_of("refused", "LeadSquared refused Mobile '12' (field Mobile).").digest
    assert first.digest != cause_of("gave-up", "LeadSquared refused Mobile '12' (field Phone).").digest


@given(st.integers(min_value=0), st.emails(), st.uuids(), st.from_regex(r"\+[1-9]\d{7,13}", fullmatch=True))
def test_no_number_address_id_or_phone_number_is_left(number: int, email: str, uuid: object, phone: str) -> None:
    text = without_values(f"Refused: {number} of {email} with {uuid}, call {phone} now.")
    assert not any(character.isdigit() for character in text) and "@" not in text


@given(st.text(max_size=3000))
def test_any_text_has_a_cause_that_fits_its_columns(message: str) -> None:
    cause = cause_of("refused", message)
    assert len(cause.digest) == DIGEST_LENGTH and len(cause.text) <= TEXT_LENGTH
    assert cause == cause_of("refused", message)
