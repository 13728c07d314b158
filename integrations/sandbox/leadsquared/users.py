"""The users of a practice account, and the calls that read them."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid5

User = dict[str, Any]

# first name, last name, role, status (0 active, 1 inactive), groups, "is employee" (mx_Custom_1)
PRACTICE_USERS: tuple[tuple[str, str, str, int, list[str], str], ...] = (
    ("Bo", "Lund", "Administrator", 0, ["Sales"], "1"),
    ("Mia", "Holm", "Sales_Manager", 0, ["Sales"], "1"),
    ("Per", "Dahl", "Sales_User", 0, ["Sales"], "0"),
    ("Eva", "Krag", "Marketing_User", 0, ["Marketing"], "1"),
    ("Ole", "Gade", "Sales_User", 1, [], "0"),
)
DETAILS = ("TimeZone", "OrgId", "CompanyName", "ManagerUserId", "mx_Custom_1", "mx_Custom_2")


def practice_users(account: str) -> list[User]:
    """The same people with the same ids at every start."""
    return [
        {
            "ID": str(uuid5(NAMESPACE_URL, f"practice:{account}:{first}.{last}")),
            "FirstName": first,
            "LastName": last,
            "EmailAddress": f"{first}.{last}@{account}.example.test".lower(),
            "Role": role,
            "StatusCode": status,
            "MemberOfGroups": groups,
            "Tag": None,
            "IsPhoneCallAgent": False,
            "TimeZone": "Europe/Copenhagen",
            "OrgId": "10001",
            "CompanyName": f"Practice {account}",
            "ManagerUserId": None,
            "mx_Custom_1": employee,
            "mx_Custom_2": None,
        }
        for first, last, role, status, groups, employee in PRACTICE_USERS
    ]


def listed(user: User) -> User:
    """A user as in Users.Get."""
    return {name: value for name, value in user.items() if name not in DETAILS}


def active(users: list[User], field: str, value: str) -> list[User]:
    """The active user with this value, as a list; inactive ones count as missing. The id is called UserId here."""
    return [
        {"UserId": user["ID"], **user}
        for user in users
        if user[field].lower() == value.lower() and not user["StatusCode"]
    ]
