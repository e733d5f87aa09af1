"""The files of a ticket by mail: each once, in letters that a relay takes, large ones in pieces."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.decision import Decision
from helpdesk.core.facts import Facts
from helpdesk.core.file_letters import MAX_LETTERS, ROOM, KeptFile, Load, MailFiles, loads, room_of
from helpdesk.core.message import Address
from helpdesk.core.policy import Policy
from tests.build import IVAN_WRITES, LENA, NOW, decided, mail, passed, policy, ticket

MB = 1024 * 1024
RULES = policy(trusted_authserv="mx.help.test")


def kept(row: int, *sizes: int) -> MailFiles:
    """A mail with files of these sizes; none is like another."""
    files = tuple(KeptFile(part, f"{row}-{part}.pdf", size, f"{row}/{part}") for part, size in enumerate(sizes, 1))
    return MailFiles(row, "Anna <anna@shop.test>", NOW, files)


def ordered(*mails: MailFiles, rules: Policy = RULES, sender: Address = IVAN_WRITES) -> Decision:
    on = ticket(100007)
    facts = Facts(by_number=(on,), files=((on.number, mails),))
    return decided(mail("#files 100007", sender=sender, headers=passed(sender)), facts, rules)


def test_files_of_one_mail_share_letters_and_a_large_one_is_cut() -> None:
    found = loads((kept(1, 2 * MB, 3 * MB, 2 * MB), kept(2, 13 * MB)), 6 * MB)
    assert [(load.mail.message, len(load.files), load.piece, load.pieces) for load in found] == [
        (1, 2, 0, 0),
        (1, 1, 0, 0),
        (2, 1, 1, 3),
        (2, 1, 2, 3),
        (2, 1, 3, 3),
    ]


def test_a_logo_that_came_with_every_mail_is_sent_once() -> None:
    logo = KeptFile(1, "logo.png", 5_000, "the same")
    mails = [MailFiles(row, "Anna", NOW, (logo,)) for row in range(1, 10)]
    assert loads(mails, ROOM) == (Load(mails[0], (logo,)),)


@given(st.lists(st.lists(st.integers(0, 30), max_size=6), max_size=5), st.integers(1, 12))
def test_every_file_is_sent_whole_and_no_letter_is_too_large(mails: list[list[int]], room: int) -> None:
    stored = [kept(row, *sizes) for row, sizes in enumerate(mails, 1)]
    found = loads(stored, room)
    assert all(load.piece or sum(file.size for file in load.files) <= room for load in found)
    whole = [file for load in found if load.piece <= 1 for file in load.files]
    assert sorted(whole, key=lambda file: file.name) == sorted(
        (file for one in stored for file in one.files), key=lambda file: file.name
    )
    for load in found:
        if load.piece:
            (file,) = load.files
            assert (load.pieces - 1) * room < file.size <= load.pieces * room


def test_the_agent_gets_a_result_and_the_letters() -> None:
    decision = ordered(kept(1, MB), kept(2, 13 * MB))
    result, *files = decision.letters
    assert result.body == "[##100007##]: files on the way: 2, letters: 4."
    assert [(one.parts_of, one.parts, one.piece) for one in files] == [
        (1, (1,), 0),
        (2, (1,), 1),
        (2, (1,), 2),
        (2, (1,), 3),
    ]
    assert {one.to.address for one in decision.letters} == {"ivan@help.test"}
    assert len({one.dedupe_key for one in decision.letters}) == 5
    assert "letter 4 of 4" in files[-1].body
    assert "piece 3 of 3" in files[-1].body


def test_what_is_beyond_the_bound_is_said_and_not_sent() -> None:
    decision = ordered(kept(1, *[ROOM] * (MAX_LETTERS + 3)))
    assert len(decision.letters) == MAX_LETTERS + 1
    assert "3 files are left out" in decision.letters[0].body


def test_a_small_relay_gets_small_pieces() -> None:
    small = policy(trusted_authserv="mx.help.test", max_letter_bytes=MB)
    assert room_of(small) < MB
    assert len(ordered(kept(1, 2 * MB), rules=small).letters) == 5


def test_a_ticket_without_files_or_of_another_desk_sends_none() -> None:
    assert ordered().letters[0].body == "[##100007##]: there are no files."
    lena = Address(LENA.addresses[0], LENA.name)
    other = ordered(kept(1, MB), sender=lena)
    assert [letter.body for letter in other.letters] == ["обращения 100007 нет"]
