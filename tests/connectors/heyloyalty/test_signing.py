"""The signature, to the letter."""

from __future__ import annotations

import datetime

from integrations.connectors.heyloyalty.signing import refusal, sign

# 13:16:26 in London's winter would be another text: the time is written in GMT.
MOMENT = datetime.datetime(2013, 5, 24, 15, 16, 26, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
PASSWORD = "ZTU0MjI2MDFlOWU0MjA2MGM5NzcyM2UzM2RlMzg1YTM0ZTZhMmNmNTFjZGNlZjc0ZDEwM2ZlNjcxNGFkNDQ0ZA=="
BASIC = (
    "Basic ZGVtby1rZXk6WlRVME1qSTJNREZsT1dVME1qQTJNR001TnpjeU0yVXpNMlJsTXpnMVlUTTBaVFpoTW1ObU5URmpaR05sWmpjMFpERXdNMlps"
    "TmpjeE5HRmtORFEwWkE9PQ=="
)


def test_it_is_the_vendors_signature() -> None:
    signature = sign("demo-key", "demo-secret", MOMENT)
    assert signature.password == PASSWORD
    assert signature.headers == {"Authorization": BASIC, "X-Request-Timestamp": "Fri, 24 May 2013 13:16:26 GMT"}


def test_a_signature_printed_by_accident_tells_no_password() -> None:
    signature = sign("demo-key", "demo-secret", MOMENT)
    assert signature.digest not in repr(signature)
    assert PASSWORD not in repr(signature)


def test_a_refusal_names_the_clock_when_heyloyaltys_differs() -> None:
    behind, ahead = "Fri, 24 May 2013 14:16:26 GMT", "Fri, 24 May 2013 13:06:26 GMT"
    assert "clock of this server is 60 minutes behind Heyloyalty's" in refusal(401, behind, MOMENT)
    assert "clock of this server is 10 minutes ahead of Heyloyalty's" in refusal(401, ahead, MOMENT)


def test_a_refusal_with_the_right_clock_or_an_unknown_one_is_about_the_keys() -> None:
    for date in ("Fri, 24 May 2013 13:16:20 GMT", "", "soon"):
        assert refusal(401, date, MOMENT).startswith("Heyloyalty refused the keys (401). Check API key")
