"""Strategies: what may become of a small town of persons, and of what is asked of them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

PROPERTIES = {"city": "text", "age": "number", "vip": "yes_no", "born": "date"}
FIELDS = {"amount": "number", "category": "text", "gift": "yes_no", "due": "date"}
TYPES = ("purchase", "visit")
# By kind; of a condition these, of persons and events also those of other kinds and broken ones.
TEXTS = ("Aarhus", "aarhus", "Aa", "Ålborg")
DATES = ("2026-03-08", "2026-03-10", "2026-03-11", "2026-04-01")
VALUES: dict[str, tuple[Any, ...]] = {
    "text": TEXTS,
    "number": (0, 1, 2.5, -3),
    "yes_no": (True, False),
    "date": (*DATES, "2026-03-10T23:30:00Z"),
}
UNFIT = (None, "2026-02-30", "2026-03-10x", [1], {"a": 1}, "")
ANY_VALUE = st.sampled_from([*(value for values in VALUES.values() for value in values), *UNFIT])


def value_of(kind: str) -> st.SearchStrategy[Any]:
    return st.one_of(st.sampled_from(VALUES[kind]), st.sampled_from(VALUES[kind]), ANY_VALUE)


def test_of(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    known = st.sampled_from([{"is": "known"}, {"is": "unknown"}])
    if kind == "yes_no":
        return st.sampled_from([{"is": "yes"}, {"is": "no"}]) | known
    if kind == "date":
        days = st.tuples(st.sampled_from(["within_last", "longer_ago", "within_next"]), st.integers(0, 2))
        dates = st.tuples(st.sampled_from(["on", "before", "after"]), st.sampled_from(DATES))
        compared = days | dates
    elif kind == "text":
        names = ["equal", "not_equal", "contains", "starts_with"]
        compared = st.tuples(st.sampled_from(names), st.sampled_from(TEXTS))
    else:
        names = ["equal", "not_equal", "over", "at_least", "under", "at_most"]
        compared = st.tuples(st.sampled_from(names), st.sampled_from(VALUES["number"]))
    return compared.map(lambda one: {"is": one[0], "value": one[1]}) | known


test_of.__test__ = False  # type: ignore[attr-defined]


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    condition: dict[str, Any] = {"event": draw(st.sampled_from(TYPES)), "did": draw(st.booleans())}
    if condition["did"] and draw(st.booleans()):
        how = st.sampled_from(["at_least", "at_most", "exactly"])
        condition["times"] = {"is": draw(how), "number": draw(st.integers(1, 3))}
    condition["within_days"] = draw(st.none() | st.integers(1, 3))
    fields = draw(st.lists(st.sampled_from(list(FIELDS)), max_size=2))
    condition["where"] = [{"field": name, **draw(test_of(FIELDS[name]))} for name in fields]
    return condition


@st.composite
def properties(draw: st.DrawFn) -> dict[str, Any]:
    key = draw(st.sampled_from(list(PROPERTIES)))
    return {"property": key, **draw(test_of(PROPERTIES[key]))}


@st.composite
def attributes(draw: st.DrawFn) -> dict[str, Any]:
    """By place, until the attributes have ids: a calculated number, a text, a date and one that is told."""
    place, kind = draw(st.sampled_from(list(enumerate(("number", "text", "date", "number")))))
    return {"attribute": place, **draw(test_of(kind))}


LEAVES = st.one_of(events(), properties(), attributes())


def groups(members: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    listed = st.lists(members, max_size=3)
    return st.builds(
        lambda match, inner: {"match": match, "conditions": inner}, st.sampled_from(["all", "any"]), listed
    )


CONDITIONS = groups(LEAVES | groups(LEAVES | groups(LEAVES)))
WHO = st.integers(0, 2)
DATA = st.fixed_dictionaries({}, optional={name: value_of(kind) for name, kind in FIELDS.items()})
AGGREGATES = st.one_of(
    st.tuples(st.just(0), st.sampled_from(["count", "sum", "average", "first", "last", "most_frequent"])),
    st.tuples(st.sampled_from([1, 2]), st.sampled_from(["first", "last", "most_frequent"])),
)
STEPS = st.one_of(
    st.sampled_from(list(PROPERTIES)).flatmap(
        lambda key: st.tuples(st.just("set"), WHO, st.just(key), value_of(PROPERTIES[key]))
    ),
    st.tuples(st.just("act"), WHO, st.sampled_from(TYPES), st.integers(0, 80), DATA),
    st.tuples(st.just("act"), WHO, st.just("purchase"), st.integers(0, 80), DATA),
    st.tuples(st.just("tell"), WHO, st.none() | st.sampled_from(VALUES["number"])),
    st.tuples(st.just("wait"), st.integers(1, 60), st.booleans()),
    st.tuples(st.just("ask"), st.integers(0, 1), CONDITIONS),
    st.tuples(st.just("calculate"), AGGREGATES, st.none() | st.integers(1, 3)),
    st.tuples(st.just("slice")),
    st.tuples(st.just("drop"), st.sampled_from(["city", "age"])),
    st.tuples(st.just("restore"), st.sampled_from(["city", "age"])),
)
HISTORIES = st.lists(STEPS, min_size=3, max_size=16)
