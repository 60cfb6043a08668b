"""Draws people and their customers, the same ones every time."""

import random
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from firm import words

Item = TypeVar("Item")


class Dice:
    """Seeded choices built on `random()` alone, the one method whose values no Python version may change."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def below(self, limit: int) -> int:
        return int(self._random.random() * limit)

    def pick(self, items: Sequence[Item]) -> Item:
        return items[self.below(len(items))]

    def chance(self, percent: int) -> bool:
        return self.below(100) < percent


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address in the CRM's parts; `street` and `street2` are the two lines of one street."""

    street: str = ""
    street2: str = ""
    city: str = ""
    county: str = ""
    postcode: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Company:
    """A customer; people get its address, its switchboard and an address at its domain."""

    name: str
    domain: str
    address: Address
    exchange: str
    switchboard: str


@dataclass(frozen=True, slots=True)
class Person:
    """One person's details, telephone numbers in plain national form (`typed` writes them as people do)."""

    first: str = ""
    last: str = ""
    company: str = ""
    title: str = ""
    department: str = ""
    emails: tuple[str, ...] = ()
    phone: str = ""
    other_phone: str = ""
    mobile: str = ""
    home_phone: str = ""
    fax: str = ""
    assistant: str = ""
    mailing: Address = Address()
    other: Address = Address()
    birthday: str = ""
    notes: str = ""


TYPING_STYLES = (
    "{area} {rest}",
    "+44 {bare} {rest}",
    "+44 (0){bare} {rest}",
    "({area}) {rest}",
    "{area}-{rest}",
    "+44{bare}{packed}",
)


def typed(number: str, style: int) -> str:
    """A plain national number as another person would type it; numbers in any other form stay as they are."""
    area, _, rest = number.partition(" ")
    if not area.isdigit() or not area.startswith("0") or area.startswith("00") or not rest:
        return number
    if not rest.replace(" ", "").isdigit():
        style = 2 if style % 2 else 0
    return TYPING_STYLES[style].format(area=area, bare=area[1:], rest=rest, packed=rest.replace(" ", ""))


def slug(text: str) -> str:
    """Letters and digits of `text` without accents, lower case, as a domain or local part may hold them."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain.lower() if letter.isalnum())


class Registry:
    """Makes companies and people; no two people share a name, a mobile or an address by accident."""

    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        self.companies: list[Company] = []
        self._names: set[tuple[str, str]] = set()
        self._far_names = list(words.FAR_NAMES)
        self._mobiles = 0

    def town_companies(self, towns: Sequence[tuple[str, str, str, str]], count: int) -> list[Company]:
        """`count` customers in the given towns, each with a name of its own."""
        made: list[Company] = []
        while len(made) < count:
            town, county, exchange, outward = self.dice.pick(towns)
            name = f"{self.dice.pick(words.HOUSE_NAMES)} {self.dice.pick(words.TRADES)}"
            if any(company.name == name for company in self.companies):
                continue
            address = self._address(town, county, outward)
            company = Company(name, f"{slug(name)}.example", address, exchange, self._number(exchange))
            self.companies.append(company)
            made.append(company)
        return made

    def far_companies(self) -> list[Company]:
        """The customers abroad."""
        made = [
            Company(name, domain, Address(street, "", city, "", postcode, country), "", number)
            for name, domain, street, city, postcode, country, number in words.FAR_COMPANIES
        ]
        self.companies.extend(made)
        return made

    def person(self, company: Company, first: str = "", last: str = "") -> Person:
        """Someone at `company`; without a name given, someone met nowhere else."""
        local = f"{slug(first)}.{slug(last)}"
        if not last:
            first, last, local = self._name()
        dice = self.dice
        self._names.add((first, last))
        private = (f"{local}@post.example",) if dice.chance(30) else ()
        return Person(
            first=first,
            last=last,
            company=company.name,
            title=dice.pick(words.TITLES),
            department=dice.pick(words.DEPARTMENTS),
            emails=(f"{local}@{company.domain}", *private),
            phone=self._office_phone(company),
            other_phone=self._number(company.exchange) if company.exchange and dice.chance(12) else "",
            mobile=self.mobile() if dice.chance(70) else "",
            home_phone=self._number("01632 960") if dice.chance(12) else "",
            fax=self._number(company.exchange) if company.exchange and dice.chance(10) else "",
            assistant=dice.pick(words.ASSISTANTS) if dice.chance(10) else "",
            mailing=company.address,
            other=self._address("Hexham", "Northumberland", "NE46") if dice.chance(10) else Address(),
            birthday=f"19{50 + dice.below(50)}-{1 + dice.below(12):02d}-{1 + dice.below(28):02d}"
            if dice.chance(25)
            else "",
            notes=self._notes(),
        )

    def mobile(self) -> str:
        """A mobile number nobody has yet; 37 and 1,000 share no divisor, so a thousand of them differ."""
        self._mobiles += 1
        return f"07700 900{self._mobiles * 37 % 1000:03d}"

    def _name(self) -> tuple[str, str, str]:
        if self._far_names and self.dice.chance(5):
            return self._far_names.pop(0)
        while True:
            name = (self.dice.pick(words.FIRST_NAMES), self.dice.pick(words.LAST_NAMES))
            if name not in self._names:
                return (*name, f"{slug(name[0])}.{slug(name[1])}")

    def _number(self, exchange: str) -> str:
        return f"{exchange}{self.dice.below(1000):03d}"

    def _office_phone(self, company: Company) -> str:
        if self.dice.chance(15):
            return f"{company.switchboard} ext. {1 + self.dice.below(60)}"
        if not company.exchange or self.dice.chance(45):
            return company.switchboard
        return self._number(company.exchange)

    def _address(self, town: str, county: str, outward: str) -> Address:
        dice = self.dice
        street = f"{1 + dice.below(140)} {dice.pick(words.STREETS)}"
        # No real inward code holds C, I, K, M, O or V: these postcodes are nobody's.
        postcode = f"{outward} {1 + dice.below(9)}{dice.pick('CIKMOV')}{dice.pick('ABDEFGH')}"
        country = dice.pick(("United Kingdom", "United Kingdom", "UK", ""))
        if dice.chance(40):
            return Address(
                dice.pick(words.BUILDINGS).format(n=1 + dice.below(30)), street, town, county, postcode, country
            )
        return Address(street, "", town, county, postcode, country)

    def _notes(self) -> str:
        if self.dice.chance(3):
            return self._visit_log(600 + self.dice.below(4200))
        return self.dice.pick(words.NOTES) if self.dice.chance(40) else ""

    def _visit_log(self, length: int) -> str:
        lines = ["Visits"]
        while sum(len(line) + 2 for line in lines) < length:
            day = f"{1 + self.dice.below(28)}/{1 + self.dice.below(12)}/{2012 + self.dice.below(14)}"
            lines.append(f"{day}: {self.dice.pick(words.VISITS)}")
        return "\n".join(lines)


def as_retold(person: Person, dice: Dice) -> Person:
    """The same person as a colleague wrote them down: some details newer, some missing, the name kept."""
    retold = person
    if dice.chance(40):
        retold = replace(retold, title=dice.pick(words.TITLES))
    if dice.chance(30):
        retold = replace(retold, mobile="")
    if dice.chance(30):
        retold = replace(retold, notes=dice.pick(words.NOTES))
    if dice.chance(25):
        retold = replace(retold, department="")
    if dice.chance(20):
        retold = replace(retold, birthday="")
    if dice.chance(25):
        retold = replace(retold, mailing=Address())
    if len(person.emails) == 1 and dice.chance(30):
        local = person.emails[0].split("@")[0]
        retold = replace(retold, emails=(person.emails[0], f"{local}@letterbox.example"))
    return retold
