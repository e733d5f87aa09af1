"""Which ticket a mail belongs to, and by what evidence."""

from __future__ import annotations

import pytest

from helpdesk.core.decision import Role
from helpdesk.core.facts import Facts
from helpdesk.core.message import Reason
from helpdesk.core.thread import admits, match
from tests.build import ANNA, EVE, NUMBER, acknowledged, mail, sent, ticket

OTHER = 100002
TAGGED = f"Re: [##{NUMBER}##] A question"


def test_our_secret_is_the_strongest_evidence() -> None:
    letter = acknowledged()
    found = match(
        mail(subject=f"[##{OTHER}##]"),
        Facts(
            letters=(letter,),
            by_reference=(("<other@shop.test>", ticket(OTHER)), (letter.message_id, ticket())),
            by_number=(ticket(OTHER),),
        ),
    )
    assert (found.ticket, found.evidence, found.letter) == (ticket(), "secret", letter)


def test_the_newest_reference_wins() -> None:
    facts = Facts(by_reference=(("<new@shop.test>", ticket(OTHER)), ("<old@shop.test>", ticket())))
    found = match(mail(), facts)
    assert (found.ticket, found.evidence) == (ticket(OTHER), "references")
    assert found.reasons == (Reason("thread-references", "mentions <new@shop.test>"),)


def test_references_win_over_the_tag_and_the_reasons_say_so() -> None:
    facts = Facts(by_reference=(("<old@shop.test>", ticket()),), by_number=(ticket(OTHER),))
    found = match(mail(subject=f"[##{OTHER}##]"), facts)
    assert found.ticket == ticket()
    assert found.reasons[1] == Reason(
        "thread-disagreement", f"subject has [##{OTHER}##], references lead to [##{NUMBER}##]"
    )


def test_the_tag_leads_where_nothing_else_does() -> None:
    found = match(mail(subject=TAGGED), Facts(by_number=(ticket(),)))
    assert (found.ticket, found.evidence) == (ticket(), "tag")


def test_the_first_tag_that_is_a_ticket_counts() -> None:
    found = match(mail(subject=f"[##999999##] {TAGGED}"), Facts(by_number=(ticket(),)))
    assert found.ticket == ticket()


def test_the_number_in_a_command_is_no_tag() -> None:
    found = match(mail(f"#link {NUMBER}"), Facts(by_number=(ticket(),)))
    assert (found.ticket, found.evidence) == (None, "none")


def test_a_letter_of_somebody_else_is_a_reference_and_no_secret() -> None:
    letter = acknowledged(ANNA)
    found = match(mail(sender=EVE), Facts(letters=(letter,), by_reference=((letter.message_id, ticket()),)))
    assert (found.evidence, found.letter) == ("references", letter)


@pytest.mark.parametrize("sender", [ANNA, EVE])
def test_reasons_never_show_the_secret_of_a_letter(sender: object) -> None:
    letter = acknowledged(ANNA)
    facts = Facts(letters=(letter,), by_reference=((letter.message_id, ticket()),))
    (reason,) = match(mail(sender=sender), facts).reasons  # type: ignore[arg-type]
    assert reason.evidence == "answers our letter to anna@shop.test of 2026-03-01 09:00 UTC"


def test_a_spent_secret_is_a_reference_only() -> None:
    letter = acknowledged(usable=False)
    found = match(mail(), Facts(letters=(letter,), by_reference=((letter.message_id, ticket()),)))
    assert found.evidence == "references"


def test_a_letter_about_no_ticket_leads_to_none() -> None:
    letter = sent(number=None)
    found = match(mail(), Facts(letters=(letter,)))
    assert (found.ticket, found.letter) == (None, letter)


def test_those_who_take_part_may_come_in() -> None:
    admitted = {role for role in Role if admits(role)}
    assert admitted == {Role.AGENT, Role.LEAD, Role.REQUESTER, Role.CC, Role.PARTNER}


def test_what_leads_to_a_merged_ticket_leads_to_where_it_went() -> None:
    gone, survivor, letter = ticket(merged_into=OTHER), ticket(OTHER), acknowledged()
    went = Reason("merged", f"[##{NUMBER}##] went into [##{OTHER}##]")
    tagged = match(mail(subject=TAGGED), Facts(by_number=(gone, survivor)))
    referring = match(mail(), Facts(by_reference=(("<old@shop.test>", gone),), by_number=(survivor,)))
    knowing = match(mail(), Facts(letters=(letter,), by_reference=((letter.message_id, gone),), by_number=(survivor,)))
    assert [(one.ticket, one.evidence, one.reasons[-1]) for one in (tagged, referring, knowing)] == [
        (survivor, "tag", went),
        (survivor, "references", went),
        (survivor, "secret", went),
    ]


def test_a_merged_tag_does_not_disagree_with_references_to_the_surviving_ticket() -> None:
    facts = Facts(by_reference=(("<new@shop.test>", ticket(OTHER)),), by_number=(ticket(merged_into=OTHER),))
    assert [reason.rule for reason in match(mail(subject=TAGGED), facts).reasons] == ["thread-references"]
