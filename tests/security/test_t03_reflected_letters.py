"""T3, letters to victims through us: a forged sender gets no acknowledgement, an unproven one a bounded number.

The bounds are those of interface.md section 3, at their defaults.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpdesk.core.case import Arrival
from helpdesk.core.decide import decide
from helpdesk.core.decision import Disposition
from helpdesk.core.facts import Facts
from helpdesk.core.message import Inbound
from helpdesk.core.outgoing import Audience, Event
from helpdesk.core.sender import LetterCounts
from tests.security.desk import AUTHSERV, EVE, FAILED, IVAN, LENA, PASSED, START, TRUSTED, Desk, desk, mail, opened

FLOOD = 10_000
VICTIM = "victim@victim.test"


def acknowledged(desk: Desk) -> Counter[str]:
    """Who outside has been written to now, and how often."""
    written = desk.written()
    return Counter({address: count for (_, address), count in written.items() if address not in (IVAN, LENA)})


def test_ten_thousand_mails_that_our_server_calls_forged_are_never_acknowledged(guarded_desk: Desk) -> None:
    policy, arrival = guarded_desk.works.policy, Arrival(desk="support", at=START)
    forms = (
        FAILED,
        f"Authentication-Results: {AUTHSERV}; spf=fail smtp.mailfrom=x.test; dkim=fail header.d=x.test",
        f"Authentication-Results: {AUTHSERV}; spf=pass smtp.mailfrom=evil.test; dmarc=fail header.from={{domain}}",
        f"Authentication-Results: {AUTHSERV}; dmarc=fail (p=none) header.from={{domain}}",
    )
    flood = [mail(VICTIM, f"Offer {n}", "Buy now.", forms[n % len(forms)]) for n in range(FLOOD)]
    outside, dispositions = 0, Counter[Disposition]()
    for read in guarded_desk.works.reader.read(flood):
        assert isinstance(read, Inbound)
        decision = decide(read, Facts(), policy, arrival, START)
        outside += sum(letter.audience is Audience.REQUESTER for letter in decision.letters)
        dispositions[decision.disposition] += 1
    assert outside == 0
    assert dispositions == {Disposition.OPEN: FLOOD}, "the mail itself is not lost"


def test_forged_mail_leaves_nothing_in_the_outbox_for_the_victim(guarded_desk: Desk) -> None:
    guarded_desk.take(mail(VICTIM, f"Offer {n}", "Buy now.", FAILED) for n in range(300))
    guarded_desk.pass_time(30 * 24 * 60)
    assert acknowledged(guarded_desk) == {}


def test_ten_thousand_unproven_mails_are_acknowledged_within_the_bounds(open_desk: Desk) -> None:
    policy, arrival = open_desk.works.policy, Arrival(desk="support", at=START)
    one_victim = [VICTIM] * 1500
    one_domain = [f"person{n}@big.test" for n in range(3000)]
    everybody = [f"person@small{n}.test" for n in range(FLOOD - 4500)]
    flood = [mail(sender, f"Offer {n}", "Buy now.") for n, sender in enumerate([*one_victim, *one_domain, *everybody])]
    addresses, domains, alerts = Counter[str](), Counter[str](), set()
    for read in open_desk.works.reader.read(flood):
        assert isinstance(read, Inbound)
        assert read.sender is not None
        address, domain = read.sender.address, read.sender.domain
        written = LetterCounts(addresses[address], addresses[address], domains[domain], domains.total())
        decision = decide(read, Facts(counts=written), policy, arrival, START)
        assert decision.disposition is Disposition.OPEN
        for letter in decision.letters:
            if letter.audience is Audience.REQUESTER:
                addresses[letter.to.address] += 1
                domains[letter.to.domain] += 1
            elif letter.event is Event.ALERT:
                alerts.add((letter.to.address, letter.dedupe_key))
    assert (addresses[VICTIM], domains["big.test"], addresses.total()) == (10, 1000, 5000)
    assert len(alerts) == 2, "the lead hears once of the domain, once of everybody"


def test_breaker_opens_is_told_and_closes_by_itself_an_hour_later(tmp_path: Path) -> None:
    with desk(tmp_path, tables="[bounds]\nper_domain_1h = 20\ntotal_1h = 50\nnotices_1h = 100") as one:
        senders = [f"person{n}@big.test" for n in range(60)] + [f"person@small{n}.test" for n in range(60)]
        one.take(mail(sender) for sender in senders)
        written = one.written()
        outside = [address for _, address in written.elements() if address not in (IVAN, LENA)]
        assert sum(address.endswith("@big.test") for address in outside) == 20
        assert len(outside) == 50
        assert written["alert", LENA] == 2, "one for the domain, one for everybody"
        assert written["notify", IVAN] == 100
        assert len(one.works.store.queue()) == 120, "every mail is a ticket"
        one.pass_time(61)
        assert one.written() == {("digest", IVAN): 1}
        one.take([mail("person1@big.test"), mail("person@small1.test")])
        assert acknowledged(one) == {"person1@big.test": 1, "person@small1.test": 1}


def test_one_address_gets_ten_letters_in_three_hours_and_twenty_in_a_day(open_desk: Desk) -> None:
    letters = []
    for _ in range(24):
        open_desk.take(mail(VICTIM) for _ in range(15))
        letters.append(acknowledged(open_desk)[VICTIM])
        open_desk.pass_time(60)
    assert letters[:4] == [10, 0, 0, 10]
    assert sum(letters) == 20
    history = [line.why for line in open_desk.file(100001 + 14).history]
    assert "bound: 10 letters in 3 hours" in history


def test_resume_closes_a_breaker_early(tmp_path: Path) -> None:
    with desk(tmp_path, tables="[bounds]\ntotal_1h = 2") as one:
        one.now = datetime.now(UTC)
        one.take(mail(f"person@small{n}.test") for n in range(5))
        assert one.written()["alert", LENA] == 1
        assert "Resumed" in one.cli("outbox", "resume")
        one.now = datetime.now(UTC)
        one.take(mail(f"another@small{n}.test") for n in range(5))
        assert acknowledged(one).total() == 2


def test_letter_to_an_unproven_sender_repeats_none_of_his_words(tmp_path: Path) -> None:
    advertisement = ("Cheap watches", "Buy at http://evil.test now", "Best Watches Ltd")
    with desk(tmp_path, helpdesk=TRUSTED, packs='["outages", "clarify"]') as one:
        sender = f"{advertisement[2]} <{VICTIM}>"
        one.take(
            [mail(sender, advertisement[0], advertisement[1]), mail(sender, f"{advertisement[0]} 2", "site is down")]
        )
        letters = [letter for letter in one.send() if letter.recipients == (VICTIM,)]
        assert len(letters) == 2
        for letter in letters:
            shown = str(opened(letter)["Subject"]) + str(opened(letter)["To"])
            whole = (
                shown
                + bytes(letter.raw).decode()
                + "".join(part.get_content() for part in opened(letter).walk() if part.get_content_maintype() == "text")
            )
            assert not [word for word in (*advertisement, "evil.test") if word in whole]
        one.pass_time(10 * 24 * 60)
        later = [letter for letter in one.send() if letter.recipients == (VICTIM,)]
        assert not [letter for letter in later if b"watches" in bytes(letter.raw).lower()]


def test_letter_to_a_proven_sender_carries_his_subject(guarded_desk: Desk) -> None:
    guarded_desk.take_one(mail("anna@shop.test", "My order", "Where is it?", PASSED))
    (letter,) = [letter for letter in guarded_desk.send() if letter.event == "opened"]
    assert opened(letter)["Subject"] == "[##100001##] My order"


@pytest.mark.parametrize("mark", ["X-Spam-Flag: YES", "x-spam-flag: yes", "X-Spam-Flag:   YES, score=12"])
def test_spam_marked_by_our_own_server_causes_nothing_at_all(tmp_path: Path, mark: str) -> None:
    with desk(tmp_path, mailbox='spam_header = "X-Spam-Flag: YES"') as one:
        number = one.open()
        before = one.conversation(number)
        one.take([mail(EVE, "Offer", "Buy", mark), mail("anna@shop.test", f"[##{number}##]", "Buy", mark)])
        assert one.written() == {}
        assert len(one.works.store.queue()) == 1
        assert one.conversation(number) == before


def test_sender_blocked_by_an_agent_causes_nothing_at_all(guarded_desk: Desk) -> None:
    number = guarded_desk.open(EVE)
    other = guarded_desk.open()
    guarded_desk.take_one(mail(IVAN, f"[##{number}##]", "#spam", PASSED))
    guarded_desk.send()
    queue = [ticket.number for ticket in guarded_desk.works.store.queue()]
    guarded_desk.take([mail(EVE), mail(EVE, f"[##{number}##]"), mail(EVE, f"[##{other}##]"), mail(EVE, "site is down")])
    assert guarded_desk.written() == {}
    assert [ticket.number for ticket in guarded_desk.works.store.queue()] == queue == [other]
