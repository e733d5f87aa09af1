"""Directories: rows of a file become entries, or every problem is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.directory import DIRECTORIES, Entry, from_sheet, read_entries, to_sheet

CUSTOMERS = DIRECTORIES["customers"]


def test_rows_become_entries_by_their_key() -> None:
    entries, problems = read_entries(
        CUSTOMERS, ["Name", "address"], [["Anna", "Anna@Shop.example"], [], ["The shop", "@shop.example"]]
    )
    assert problems == []
    assert entries == [
        Entry("anna@shop.example", (("name", "Anna"), ("address", "anna@shop.example"))),
        Entry("@shop.example", (("name", "The shop"), ("address", "@shop.example"))),
    ]


def test_every_problem_of_a_file_is_told_at_once() -> None:
    rows = [
        ["anna", "Anna"],
        ["jan@shop.example", ""],
        ["jan@shop.example", "Jan", "x", "y", "z"],
        ["a@b.example", "A"],
    ]
    _, problems = read_entries(CUSTOMERS, ["address", "name"], [*rows, ["a@b.example", "B"]])
    assert problems == [
        'line 2: address is "anna"; want a mail address',
        "line 3: name is empty",
        "line 4: has 5 cells; the header has 2",
        'line 6: address "a@b.example" is also on line 5',
    ]


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (["address"], 'line 1: the column "name" is missing'),
        (
            ["address", "name", "colour"],
            'line 1: there is no column "colour"; want address, name, product, organisation',
        ),
        (["address", "name", "name"], 'line 1: the column "name" is there twice'),
    ],
)
def test_a_wrong_header_is_told_alone(header: list[str], problem: str) -> None:
    assert read_entries(CUSTOMERS, header, [["x"]]) == ([], [problem])


def test_service_centres_of_one_maker_are_many() -> None:
    rows = [["Maker", "Lviv", "One"], ["Maker", "Kyiv", "Two"]]
    entries, problems = read_entries(DIRECTORIES["centres"], ["maker", "city", "name"], rows)
    assert (len(entries), problems) == (2, [])


@pytest.mark.parametrize("value", ["=1+1", "+380440001234", "-5", "@shop.example", "'quoted"])
def test_no_cell_is_a_formula_in_a_spreadsheet(value: str) -> None:
    assert to_sheet(value).startswith("'")
    assert from_sheet(to_sheet(value)) == value


@given(st.text(max_size=40))
def test_what_goes_out_comes_back_in(value: str) -> None:
    assert from_sheet(to_sheet(value)) == value


@given(st.lists(st.lists(st.text(max_size=10), max_size=6), max_size=6))
def test_any_rows_are_entries_or_problems(rows: list[list[str]]) -> None:
    for directory in DIRECTORIES.values():
        entries, problems = read_entries(directory, [column.name for column in directory.columns], rows)
        said = sum(any(cell.strip() for cell in row) for row in rows)
        assert len(entries) + len(problems) >= said
