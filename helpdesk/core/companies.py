"""Companies and who speaks for them: representatives continue each other's tickets, their administrator lets others in.

The directory `representatives` says which address speaks for which tax number; whoever registered the company first is
its administrator. Facts in, the same Facts out with a company's people as colleagues on its tickets; wishes of the
administrator in, changes out. Nobody learns from a letter whose address stands there. Never fails.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from helpdesk.core.checklist import Checklist
from helpdesk.core.directory import AddEntry, Entry, RemoveEntry, folded
from helpdesk.core.facts import Facts
from helpdesk.core.ticket import Ticket

REPRESENTATIVES, ORGANISATIONS = "representatives", "organisations"
TAX_NUMBER, ADMINISTRATOR = "tax_number", "administrator"

# The field of a ticket that names whom an administrator wants to let in, until he has agreed himself.
INVITED = "representative"


def are_known(checklists: Iterable[Checklist]) -> bool:
    """Does a desk with these checklists keep companies?"""
    forms = (each.form for each in checklists if each.form is not None)
    return any(directory == ORGANISATIONS for form in forms for _, directory in form.look_ups)


def company(facts: Facts, address: str) -> str:
    """The tax number of the company for which this address speaks; empty for nobody's."""
    entry = _entry(facts, address)
    return entry.value(TAX_NUMBER) if entry is not None else ""


def administers(facts: Facts, address: str) -> bool:
    """May this address let others in, and out?"""
    entry = _entry(facts, address)
    return entry is not None and bool(entry.value(ADMINISTRATOR))


def with_colleagues(facts: Facts, sender: str) -> Facts:
    """The facts with the sender as a colleague on every ticket of his company."""
    ours = company(facts, sender)
    if not ours:
        return facts

    def known(ticket: Ticket) -> Ticket:
        requester = ticket.requester.address if ticket.requester else ""
        if requester == sender or company(facts, requester) != ours:
            return ticket
        return replace(ticket, colleagues=tuple(dict.fromkeys((*ticket.colleagues, sender))))

    return replace(
        facts,
        by_reference=tuple((shown, known(ticket)) for shown, ticket in facts.by_reference),
        by_number=tuple(map(known, facts.by_number)),
    )


def registered(tax_number: str, name: str, address: str) -> tuple[AddEntry, AddEntry]:
    """A company is registered by its first representative, who is its administrator."""
    whole = Entry(folded(tax_number), ((TAX_NUMBER, tax_number), ("name", name)))
    return AddEntry(ORGANISATIONS, whole), let_in(tax_number, address, administrator=True)


def let_in(tax_number: str, address: str, *, administrator: bool = False) -> AddEntry:
    """This address speaks for the company from now on."""
    role = ((ADMINISTRATOR, "yes"),) if administrator else ()
    return AddEntry(REPRESENTATIVES, Entry(folded(address), (("address", address), (TAX_NUMBER, tax_number), *role)))


def let_out(address: str) -> RemoveEntry:
    """This address speaks for nobody any longer."""
    return RemoveEntry(REPRESENTATIVES, folded(address))


def _entry(facts: Facts, address: str) -> Entry | None:
    key = folded(address)
    return next((one for name, one in facts.entries if name == REPRESENTATIVES and one.key == key), None)
