"""Invented customers and what they bought: the same ones for the same seed, clock and settings.

They aren't entered into the ledger: nobody did anything at a till.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from integrations.sandbox.flexpos.account import FlexPOSAccount
from integrations.sandbox.flexpos.catalogue import ATTRACTIONS, PRODUCTS, STORES
from integrations.sandbox.flexpos.rows import Customer, Line
from integrations.sandbox.flexpos.till import booking, joining, line_of, receipt

FIRST_NAMES = (
    "Mette", "Søren", "Anne", "Lars", "Kirsten", "Jens", "Hanne", "Peter", "Maja", "Rasmus", "Freja", "Emil", "Ida",
    "Magnus", "Sofie", "Oliver", "Clara", "Noah", "Asta", "Åge", "Bjørn", "Signe", "Torben", "Lærke",
)  # fmt: skip
LAST_NAMES = (
    "Holm", "Nielsen", "Jensen", "Hansen", "Pedersen", "Andersen", "Christensen", "Larsen", "Sørensen", "Rasmussen",
    "Møller", "Lund", "Østergaard", "Dahl", "Krag", "Bæk", "Friis", "Skov", "Kjær", "Vestergaard",
)  # fmt: skip
STREETS = ("Algade", "Nørregade", "Søndergade", "Kirkevej", "Skolevej", "Møllevej", "Birkevej", "Østerbrogade")
TOWNS = (("4000", "Roskilde"), ("8000", "Aarhus C"), ("5000", "Odense C"), ("9000", "Aalborg"), ("6700", "Esbjerg"),
         ("2100", "København Ø"), ("7100", "Vejle"), ("8600", "Silkeborg"), ("4300", "Holbæk"))  # fmt: skip
CARDS = ("Pension", "Guld", "Sølv", "Studie")
PLAIN = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa"})
# Danish mobile numbers have eight digits, the first of them isn't 0 or 1.
FIRST_MOBILE = 20_000_000
THIRTY_DAYS = 30 * 86_400
THREE_YEARS = 3 * 365 * 86_400

ANONYMOUS, RETURNED = 0.2, 0.06
ACTIVE, CLUB, NEWSLETTER = 0.92, 0.7, 0.6
NO_EMAIL, CAPITALS_IN_EMAIL = 0.05, 0.2
CARD_LIST, NO_CARD = 0.25, 0.15


@dataclass(frozen=True, slots=True)
class Wish:
    """How many of each, changed or sold from instant `start` to before `end`."""

    customers: int
    journals: int
    tickets: int
    memberships: int
    start: int
    end: int
    seed: int


def invent(account: FlexPOSAccount, wish: Wish) -> None:
    """Customers first; sales are theirs and those of customers who were there before. Raises ValueError."""
    if wish.start >= wish.end:
        raise ValueError("the end comes after the start")
    # Invented people need no unguessable numbers.
    dice = random.Random(wish.seed)  # noqa: S311
    with account.lock:
        for changed in moments(dice, wish, wish.customers):
            account.customers.put(person(account, dice, changed))
        shop(account, dice, wish)


def moments(dice: random.Random, wish: Wish, count: int) -> list[int]:
    return sorted(dice.randrange(wish.start, wish.end) for _ in range(count))


def shop(account: FlexPOSAccount, dice: random.Random, wish: Wish) -> None:
    stores, events = list(STORES), [one for one in ATTRACTIONS.values() if not one.is_membership]
    memberships = [one for one in ATTRACTIONS.values() if one.is_membership]
    buyers = list(account.customers.rows.values())

    def buyer() -> Customer | None:
        return dice.choice(buyers) if buyers and dice.random() >= ANONYMOUS else None

    for when in moments(dice, wish, wish.journals):
        account.journals.put(receipt(account, buyer(), basket(dice), dice.choice(stores), when))
    for when in moments(dice, wish, wish.tickets):
        account.tickets.put(booking(account, buyer(), dice.choice(events), dice.randint(1, 4), when))
    for when in moments(dice, wish, wish.memberships if buyers else 0):
        account.memberships.put(joining(account, dice.choice(buyers), dice.choice(memberships), when))


def basket(dice: random.Random) -> tuple[Line, ...]:
    sign = -1 if dice.random() < RETURNED else 1
    chosen = dice.sample(list(PRODUCTS), dice.randint(1, 4))
    return tuple(line_of(number, one, sign * dice.randint(1, 3)) for number, one in enumerate(chosen, 1))


def person(account: FlexPOSAccount, dice: random.Random, changed: int) -> Customer:
    customer_id = account.customers.last_id + 1
    first, last, town = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES), dice.choice(TOWNS)
    mobile = str(FIRST_MOBILE + customer_id)
    return Customer(
        CustomerId=customer_id,
        FirstName=first,
        LastName=last,
        Email=email(account, dice, f"{first}.{last}{customer_id}"),
        Mobile=mobile if account.bare_mobiles else f"+45{mobile}",
        Address=f"{dice.choice(STREETS)} {dice.randint(1, 140)}",
        Zip=town[0],
        City=town[1],
        Country="DK",
        BirthDate=f"{dice.randint(1940, 2007)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}T00:00:00",
        IsActive=dice.random() < ACTIVE,
        IsClubMember=int(dice.random() < CLUB),
        GetsNewsletter=int(dice.random() < NEWSLETTER),
        CreatedDate=changed - dice.randrange(THREE_YEARS),
        ModifiedDate=changed,
        cards=cards(account, dice, customer_id),
    )


def email(account: FlexPOSAccount, dice: random.Random, name: str) -> str | None:
    """`mette.holm50001@example.test`; with the quirk some are written with capitals, some people have none."""
    plain = f"{name.lower().translate(PLAIN)}@example.test"
    drawn = dice.random()
    if not account.messy_emails:
        return plain
    if drawn < NO_EMAIL:
        return None
    return plain.title() if drawn < NO_EMAIL + CAPITALS_IN_EMAIL else plain


def cards(account: FlexPOSAccount, dice: random.Random, customer_id: int) -> Any:
    first = {"Cardnumber": customer_id + 1_000_000, "Cardname": dice.choice(CARDS)}
    drawn = dice.random()
    if not account.mixed_cards:
        return first
    if drawn < NO_CARD:
        return None
    if drawn < NO_CARD + CARD_LIST:
        return [first, {"Cardnumber": customer_id + 2_000_000, "Cardname": dice.choice(CARDS)}]
    return first
