"""What the practice chain sells and where: the same in every account."""

from __future__ import annotations

from typing import NamedTuple

CURRENCY = "DKK"


class Product(NamedTuple):
    id: str
    name: str
    category: str
    price: float


class Attraction(NamedTuple):
    id: int
    name: str
    kind: str
    is_membership: bool
    product_id: str
    product_name: str
    price: float


STORES = {1: "Aarhus", 2: "Odense", 3: "Roskilde", 4: "Webshop"}

PRODUCTS = {
    product.id: product
    for product in (
        Product("7711", "Kaffe", "Café", 35.0),
        Product("7712", "Te", "Café", 32.0),
        Product("7720", "Smørrebrød", "Café", 79.5),
        Product("7731", "Kanelsnegl", "Café", 28.0),
        Product("8101", "Plakat", "Butik", 149.0),
        Product("8102", "Krus", "Butik", 99.95),
        Product("8103", "Postkort", "Butik", 12.0),
        Product("8110", "T-shirt, børn", "Butik", 179.0),
        Product("8201", "Katalog", "Bøger", 249.0),
        Product("8202", "Børnebog", "Bøger", 129.5),
    )
}

ATTRACTIONS = {
    attraction.id: attraction
    for attraction in (
        Attraction(14, "Sommershow", "Event", False, "T-1", "Voksen", 295.0),
        Attraction(16, "Koncert i haven", "Event", False, "T-2", "Voksen", 225.0),
        Attraction(17, "Rundvisning", "Tour", False, "T-3", "Voksen", 95.0),
        Attraction(15, "Årskort", "Membership", True, "M-1", "Årskort", 450.0),
        Attraction(18, "Familiekort", "Membership", True, "M-2", "Familiekort", 795.0),
    )
}
