from __future__ import annotations

from itertools import product

import pytest

from integrations.core.admin.mapping.judging import judge
from integrations.core.compatibility import CONVERTS, FITS, verdict
from integrations.core.connector import Field, Kind


@pytest.mark.parametrize("kind", Kind)
def test_a_kind_fits_itself(kind: Kind) -> None:
    assert verdict(kind, kind) == "fits"


@pytest.mark.parametrize("kind", Kind)
def test_everything_can_be_written_as_text(kind: Kind) -> None:
    assert verdict(kind, Kind.TEXT) != "conflicts"


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (Kind.BOOLEAN, Kind.NUMBER),
        (Kind.NUMBER, Kind.BOOLEAN),
        (Kind.TEXT, Kind.DATE),
        (Kind.TEXT, Kind.NUMBER),
        (Kind.EMAIL, Kind.PHONE),
        (Kind.PHONE, Kind.EMAIL),
    ],
)
def test_what_will_be_refused_conflicts(source: Kind, target: Kind) -> None:
    assert verdict(source, target) == "conflicts"


@pytest.mark.parametrize(("source", "target"), [(Kind.DATE, Kind.DATETIME), (Kind.TEXT, Kind.CHOICE)])
def test_what_is_written_in_another_form_converts(source: Kind, target: Kind) -> None:
    assert verdict(source, target) == "converts"


def test_no_pair_is_in_both_tables() -> None:
    assert not [pair for pair in product(Kind, Kind) if pair[1] in FITS[pair[0]] & CONVERTS[pair[0]]]


FIELDS = {"Optin": Field("Optin", "Opt-in", Kind.BOOLEAN), "Points": Field("Points", "Points", Kind.NUMBER)}


def test_a_source_is_judged_by_the_field_of_its_name_also_inside_a_path() -> None:
    for source in ("Optin", "person.Optin"):
        found = judge(source, "Points", FIELDS)
        assert found is not None
        assert found.verdict == "conflicts"
        assert found.sentence.endswith("records with a value here will fail.")


def test_an_unknown_source_is_not_judged() -> None:
    assert judge("anything", "Points", FIELDS) is None


def test_a_target_the_account_does_not_have_conflicts() -> None:
    found = judge("Optin", "Gone", FIELDS)
    assert found is not None
    assert "no field Gone" in found.sentence


def test_without_a_catalog_nothing_is_judged() -> None:
    assert judge("Optin", "Points", {}) is None
