"""What of a stored body those see who may not see personal data."""

from __future__ import annotations

import pytest

from integrations.core.admin.log.sight import Sight

SOAP = """<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">
<!-- anna@example.test --><s:Body><subscriber kind="Anna"><attribute><name>NOME</name>
<value i:type="string">Anna</value></attribute><mail>anna@example.test</mail><age i:nil="true"/>
<note><![CDATA[calls Anna < often]]> of Ribe</note></subscriber></s:Body></s:Envelope>"""


def test_xml_is_shown_with_its_elements_and_without_its_values() -> None:
    shown = Sight(full=False).body(SOAP)
    assert shown.note == ""
    assert not any(word in shown.text for word in ("Anna", "anna", "Ribe", "often"))
    assert "<mail>a•••@e•••.test</mail>" in shown.text
    assert 'type="string">A•••</value>' in shown.text
    assert 'nil="true"' in shown.text
    assert '<subscriber kind="A•••">' in shown.text


def test_who_may_see_personal_data_sees_xml_as_it_came() -> None:
    assert Sight(full=True).body(SOAP).text == SOAP


BOMB = '<!DOCTYPE x [<!ENTITY a "Anna">]><x>&a;</x>'


@pytest.mark.parametrize("body", [SOAP[:-40], BOMB, "<html><p>Anna", "Anna", "<a>" * 20_000 + "Anna", '{"name": "Anna'])
def test_what_is_neither_complete_json_nor_complete_xml_is_hidden(body: str) -> None:
    shown = Sight(full=False).body(body)
    assert shown.text == ""
    assert shown.note.startswith("Hidden: it is neither complete JSON nor complete XML")


def test_a_deeply_nested_document_is_shown_or_hidden_and_breaks_no_page() -> None:
    body = "<a>" * 20_000 + "Anna" + "</a>" * 20_000
    assert "Anna" not in Sight(full=False).body(body).text
