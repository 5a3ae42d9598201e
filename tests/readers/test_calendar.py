from ragflow_local.readers.calendar import blocks_of

EVENT = """BEGIN:VCALENDAR
BEGIN:VTIMEZONE
TZOFFSETFROM:+0200
END:VTIMEZONE
BEGIN:VEVENT
DTSTART;TZID=Europe/Berlin:20240501T100000
SUMMARY:Boiler\\, inspection
ORGANIZER;CN="Ann A":mailto:ann@a.example
DESCRIPTION:Bring the lo
 ng key\\nand gloves
BEGIN:VALARM
DESCRIPTION:ring
END:VALARM
END:VEVENT
END:VCALENDAR"""


def test_an_event_is_a_paragraph_of_facts() -> None:
    (block,) = blocks_of(EVENT)
    assert block.text == (
        "Summary: Boiler, inspection\nStart: 2024-05-01 10:00 Europe/Berlin\n"
        "Organizer: Ann A <ann@a.example>\nDescription: Bring the long key\nand gloves"
    )


def test_a_card_is_a_paragraph_of_facts() -> None:
    card = "BEGIN:VCARD\nFN:Ann\nitem1.TEL;TYPE=cell:12\nADR:;;Sea Road 1;Dover;;;\nEND:VCARD"
    assert [b.text for b in blocks_of(card)] == ["Name: Ann\nPhone: 12\nAddress: Sea Road 1, Dover"]


def test_quoted_printable_of_old_phones_is_undone() -> None:
    card = "BEGIN:VCARD\nFN;ENCODING=QUOTED-PRINTABLE:J=C3=BCrgen=\n X\nEND:VCARD"
    assert "Jürgen" in next(blocks_of(card)).text


def test_an_entry_without_an_end_is_read() -> None:
    assert [b.text for b in blocks_of("BEGIN:VEVENT\nSUMMARY:Dive")] == ["Summary: Dive"]
