"""Which source field belongs to which target field, by their names. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping

from integrations.core.compatibility import verdict
from integrations.core.connector import Field

# Names of one meaning, in the languages the vendors' accounts are kept in.
SYNONYMS = (
    ("email", "emailaddress", "mail", "mailaddress", "epost", "indirizzoemail"),
    ("firstname", "givenname", "forename", "fornavn", "nome", "jmeno"),
    ("lastname", "surname", "familyname", "efternavn", "cognome", "prijmeni"),
    ("mobile", "mobilephone", "mobilenumber", "cellphone", "cell", "mobil", "cellulare"),
    ("phone", "phonenumber", "telephone", "telefon", "telefono"),
    ("address", "street", "street1", "address1", "streetaddress", "adresse", "indirizzo", "ulice"),
    ("street2", "address2"),
    ("zip", "zipcode", "postalcode", "postcode", "postnr", "postnummer", "cap", "psc"),
    ("city", "town", "by", "citta", "mesto", "locality"),
    ("state", "province", "region", "provincia"),
    ("country", "land", "paese", "zeme"),
    ("birthdate", "birthday", "dateofbirth", "dob", "fodselsdag", "datadinascita", "datumnarozeni"),
    ("gender", "sex", "kon", "sesso", "pohlavi"),
    ("company", "companyname", "organisation", "organization", "firma", "azienda"),
    ("jobtitle", "title", "position", "stilling"),
    ("website", "homepage", "url", "hjemmeside"),
    ("reference", "customerid", "customernumber", "externalid", "kundenummer"),
)
MEANING = {name: names[0] for names in SYNONYMS for name in names}
LETTERS = str.maketrans({"ø": "o", "æ": "ae", "ß": "ss", "đ": "d", "ł": "l"})


def suggest(
    targets: Mapping[str, Field], taken: Collection[str], sources: Iterable[str], known: Mapping[str, Field]
) -> list[tuple[str, str]]:
    """(source, target) for targets that aren't `taken`, in the order of the targets; each source once.

    `known`: the source's fields as far as they were described; a pair whose kinds conflict is left out.
    """
    by_meaning: dict[str, list[str]] = {}
    for source in sorted(sources, key=lambda name: (name.count("."), name)):
        by_meaning.setdefault(meaning(source.rpartition(".")[2]), []).append(source)
    found = []
    for field in targets.values():
        if field.name in taken or field.read_only:
            continue
        candidates = [one for name in (field.name, field.label) for one in by_meaning.get(meaning(name), [])]
        fitting = [one for one in candidates if _goes(known.get(one), field)]
        if fitting:
            found.append((fitting[0], field.name))
            by_meaning[meaning(fitting[0].rpartition(".")[2])].remove(fitting[0])
    return found


def meaning(name: str) -> str:
    """“E-mail Address”, “EmailAddress” and “mail” are all “email”."""
    plain = unicodedata.normalize("NFKD", name.casefold().translate(LETTERS))
    bare = re.sub(r"[^a-z0-9]", "", plain.encode("ascii", "ignore").decode())
    return MEANING.get(bare, bare)


def _goes(source: Field | None, target: Field) -> bool:
    return source is None or verdict(source.kind, target.kind) != "conflicts"
