"""What results say, whatever the language: one line for each thing that was done, or that could not be done."""

from __future__ import annotations

from dataclasses import dataclass

from helpdesk.core.ticket import Priority


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """One line per thing that was done, or that could not be done."""

    assigned: str
    released: str
    is_away_now: str
    is_back: str
    accepted: str
    accepted_always: str
    rejected: str
    blocked: str
    closed: str
    reopened: str
    sleeps: str
    priority: dict[Priority, str]
    outage: str
    normal: str
    asked: str
    got: str
    cc: str
    uncc: str
    moved: str
    undone: str
    linked: str
    merged: str
    joins: str
    new_requester: str
    same_requester: str
    not_yet: str
    say_word: str
    regrouped: str
    crossed: str
    has_it: str
    split: str
    split_quietly: str
    incident_begun: str
    joined_incident: str
    broadcast: str
    broadcast_closes: str
    members_stay: str
    forwarded: str
    forwarded_alone: str
    rma_given: str
    ships: str
    shipped: str
    answered: str
    noted: str
    # refusals
    no_agent: str
    several_agents: str
    no_day: str
    is_away: str
    nothing_held: str
    several_held: str
    no_situation: str
    not_missing: str
    own_address: str
    not_cc: str
    no_desk: str
    nothing_to_undo: str
    no_ticket: str
    nothing_found: str
    which_ticket: str
    merge_itself: str
    merge_closed: str
    was_merged: str
    alone: str
    nothing_offered: str
    too_many_held: str
    nothing_to_split: str
    is_incident: str
    hangs_already: str
    incident_exists: str
    no_incident: str
    not_on_incident: str
    broadcast_empty: str
    incident_stays: str
    no_partner: str
    several_partners: str
    takes_part: str
    is_partner: str
    nothing_to_forward: str
    partner_left: str
    no_ready: str
    several_ready: str
    sends_a_note: str
    rma_mistyped: str
    rma_of_other: str
    no_rma: str
    no_tracking: str
    reaches_nobody: str
    not_proven: str
    kept_as_note: str
    nothing_done: str
    line: str
