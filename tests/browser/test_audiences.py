"""Audiences and calculated attributes as somebody builds them who never reads code, some of it without a mouse."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Demo, sign_in

pytestmark = pytest.mark.browser
SECONDS = 1000

TOWN = """
from integrations.sources.cdp.models import Property
from integrations.sources.cdp.events import record_events
from integrations.sources.cdp.people import save_persons
from integrations.sources.cdp.rows import EventRow, PersonRow

for key, name, kind in (("town", "Town", "text"), ("age", "Age", "number"), ("club", "In the club", "yes_no")):
    Property.objects.get_or_create(key=key, defaults={"name": name, "kind": kind})
names = [{"email": f"anna{number}@example.test"} for number in range(30)]
towns = ["Billund", "Grenaa", "Skagen"]
save_persons([
    PersonRow(name, {"town": towns[number % 3], "age": 20 + number, "club": number < 15})
    for number, name in enumerate(names)
])
record_events([
    EventRow("purchase", name, None, {"amount": 10 * number, "shop": "Web"}, f"town-{number}-{time}")
    for number, name in enumerate(names) for time in range(1 + number % 2)
])
"""


@pytest.fixture(scope="module")
def town(demo: Demo) -> Demo:
    demo.run(TOWN)
    return demo


@pytest.fixture
def builder(page: Page, town: Demo) -> Page:
    sign_in(page, town, "marketing")
    return page


def add(page: Page, demo: Demo, what: str = "audience") -> None:
    page.goto(f"{demo.portal}/admin/cdp/{what}/add/")


def count(page: Page) -> Locator:
    return page.locator("[data-count]")


def build(page: Page, demo: Demo, name: str, town: str) -> None:
    add(page, demo)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Condition 1: Property").select_option(label="Town")
    page.get_by_label("Condition 1: Value").fill(town)


def saved(page: Page) -> None:
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile("/change/"))


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def choose(page: Page, text: str) -> None:
    """In the list that has the focus, by the keys."""
    page.keyboard.type(text)
    expect(page.locator("select:focus option:checked")).to_have_text(text)


def test_an_audience_with_a_nested_group_is_built_by_keyboard_alone(builder: Page, town: Demo) -> None:
    page = builder
    add(page, town)
    page.get_by_label("Name").focus()
    page.keyboard.type("Big buyers")
    press(page, "Tab", "Tab", "Tab")  # Description, Membership
    expect(page.locator(":focus")).to_have_attribute("aria-label", "All or any")
    press(page, "Tab")
    expect(page.locator(":focus")).to_have_attribute("aria-label", "Condition 1: What it looks at")
    press(page, "Tab")
    choose(page, "Town")
    press(page, "Tab", "Tab")
    page.keyboard.type("Billund")
    expect(count(page)).to_have_text("10 persons")

    press(page, "Tab", "Tab", "Tab")
    expect(page.locator(":focus")).to_have_text("+ Add group")
    press(page, "Enter")
    expect(page.locator(":focus")).to_have_attribute("aria-label", "Group 2: All or any")
    press(page, "Tab", "Tab")
    expect(page.locator(":focus")).to_have_attribute("aria-label", "Condition 2.1: What it looks at")
    choose(page, "did")
    press(page, "Tab")
    choose(page, "purchase")
    press(page, "Tab", "Tab")
    press(page, "ControlOrMeta+a")
    page.keyboard.type("2")
    expect(count(page)).to_have_text("5 persons")
    press(page, "Tab")
    choose(page, "within the last")
    press(page, "Tab", "Tab")
    expect(page.locator(":focus")).to_have_text("+ where")
    press(page, "Enter")
    expect(page.locator(":focus")).to_have_attribute("aria-label", "Condition 2.1: Field of the event")
    choose(page, "amount")
    press(page, "Tab")
    choose(page, "is over")
    press(page, "Tab")
    page.keyboard.type("100")
    expect(count(page)).to_have_text("3 persons")

    page.get_by_role("button", name="Group 2: Add condition").focus()
    press(page, "Enter")
    expect(page.locator(":focus")).to_have_attribute("aria-label", "Condition 2.2: What it looks at")
    press(page, "Tab")
    choose(page, "In the club")
    expect(count(page)).to_have_text("8 persons")
    # Comparison, ✕, the buttons of both groups
    press(page, *["Tab"] * 7)
    expect(page.locator(":focus")).to_have_text("Save")
    press(page, "Enter")
    page.wait_for_url(re.compile("/audience/\\d+/change/"))
    words = "Persons: Town is “Billund” and (did purchase where amount is over 100 at least 2 times within 30 days"
    expect(page.get_by_text(words).first).to_be_visible()
    expect(page.get_by_text("anna0@example.test")).to_be_visible(timeout=30 * SECONDS)
    expect(page.locator("[data-live] >> nth=0")).to_contain_text("8", timeout=30 * SECONDS)


def test_what_is_missing_is_said_at_its_condition_and_nothing_that_was_typed_is_lost(builder: Page, town: Demo) -> None:
    page = builder
    build(page, town, "From Grenaa", "Grenaa")
    page.get_by_role("button", name="Add condition", exact=True).click()
    page.get_by_label("Condition 2: Property").select_option(label="Age")
    expect(page.get_by_text("Enter what it is compared with.")).to_be_hidden()
    page.get_by_label("Name").focus()
    expect(page.get_by_text("Enter what it is compared with.")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Nothing was saved.")).to_be_visible()
    expect(page.get_by_label("Condition 1: Value")).to_have_value("Grenaa")
    expect(page.get_by_text("Enter what it is compared with.")).to_be_visible()
    page.get_by_role("button", name="Condition 2: Remove the condition").click()
    expect(page.locator(":focus")).to_have_attribute("aria-label", "Condition 1: What it looks at")
    expect(count(page)).to_have_text("10 persons")
    saved(page)

    page.get_by_role("link", name="Edit").first.click()
    page.get_by_label("Condition 1: Comparison").select_option(label="contains")
    expect(page.get_by_label("Condition 1: Value")).to_have_value("Grenaa")
    page.get_by_label("Condition 1: Value").fill("en")
    expect(count(page)).to_have_text("20 persons")
    saved(page)
    expect(page.get_by_text("Persons: Town contains “en”")).to_be_visible()
    expect(page.locator("[data-live] >> nth=0")).to_contain_text("20", timeout=30 * SECONDS)


def test_a_property_that_is_deleted_makes_a_warning_and_the_form_leads_out_of_it(builder: Page, town: Demo) -> None:
    page = builder
    town.run("from integrations.sources.cdp.models import Property; Property.objects.create(key='hat', name='Hat')")
    add(page, town)
    page.get_by_label("Name").fill("With a hat")
    page.get_by_label("Condition 1: Property").select_option(label="Hat")
    page.get_by_label("Condition 1: Value").fill("red")
    saved(page)
    here = page.url
    town.run(
        "from integrations.sources.cdp import definitions; from integrations.sources.cdp.models import Property;"
        "Property.objects.get(key='hat').delete(); definitions.recheck()"
    )
    page.goto(here)
    expect(page.get_by_text("It is not kept up to date any more.")).to_be_visible()
    page.get_by_role("alert").get_by_role("link", name="Edit").click()
    expect(page.get_by_label("Condition 1: Property")).to_have_value("hat")
    expect(page.get_by_text("“hat”, which doesn't exist any more")).to_be_visible()
    page.get_by_label("Condition 1: Property").select_option(label="Town")
    expect(page.get_by_label("Condition 1: Value")).to_have_value("red")
    saved(page)
    expect(page.get_by_text("It is not kept up to date any more.")).to_be_hidden()


def test_a_fixed_audience_asks_for_no_conditions(builder: Page, town: Demo) -> None:
    page = builder
    add(page, town)
    page.get_by_label("Name").fill("Named by the shop")
    page.get_by_label("Fixed: import or API").check()
    expect(page.locator("[data-builder]")).to_be_hidden()
    saved(page)
    expect(page.get_by_text("Its id there, and in CSV files, is")).to_be_visible()
    page.get_by_role("link", name="Delete audience…").click()
    expect(page.get_by_text("No activation uses it: no receiver is changed.")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Named by the shop").first).to_be_visible()
    expect(page.get_by_role("link", name="Named by the shop")).to_have_count(0)


def test_an_attribute_is_looked_at_before_it_is_saved_and_an_audience_asks_for_it(builder: Page, town: Demo) -> None:
    page = builder
    add(page, town, "attribute")
    expect(page.get_by_label("Of the field")).to_be_hidden()
    page.get_by_label("Name").fill("Spent in town")
    page.get_by_label("Events", exact=True).select_option(label="purchase")
    page.get_by_label("Calculation").select_option(label="Sum")
    expect(page.get_by_text("Say of which field")).to_be_visible()
    page.get_by_label("Of the field").select_option(label="amount")
    expect(count(page)).to_have_text("Sum of amount of purchase")
    expect(page.locator("[data-details] tbody tr")).to_have_count(10)
    saved(page)
    expect(page.get_by_text("580")).to_be_visible(timeout=30 * SECONDS)

    add(page, town)
    page.get_by_label("Condition 1: What it looks at").select_option(label="Calculated attribute")
    page.get_by_label("Condition 1: Calculated attribute").select_option(label="Spent")
    page.get_by_label("Condition 1: Comparison").select_option(label="is over")
    page.get_by_label("Condition 1: Number").fill("500")
    expect(count(page)).to_have_text("2 persons")


def test_it_fits_a_narrow_screen(builder: Page, town: Demo) -> None:
    page = builder
    page.set_viewport_size({"width": 390, "height": 844})
    build(page, town, "Narrow", "Aarhus")
    page.get_by_role("button", name="Add group", exact=True).click()
    page.get_by_label("Condition 2.1: What it looks at").select_option(label="did")
    page.get_by_label("Condition 2.1: Event").select_option(label="purchase")
    page.get_by_role("button", name="Condition 2.1: Add where").click()
    for element in page.locator("[data-root] select, [data-root] input, [data-root] button").all():
        if (box := element.bounding_box()) is not None:
            assert box["x"] + box["width"] <= 390
