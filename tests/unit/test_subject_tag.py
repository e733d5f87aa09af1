"""Tags and prefixes in subjects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.subject_tag import add_tag, find_tags, is_forward, strip_prefixes, strip_tags, tag

NUMBERS = st.integers(min_value=100_001, max_value=99_999_999)
SUBJECTS = st.text(max_size=60).filter(lambda subject: not find_tags(subject))


@pytest.mark.parametrize(
    ("subject", "numbers"),
    [
        ("[##123456##] x", (123456,)),
        ("Re: x [##123456##]", (123456,)),
        ("Re: [##1234567##] x", (1234567,)),  # seven digits once six are used up
        ("##123456## x", (123456,)),  # gateways remove brackets
        ("[##100001##] [##100002##] [##100001##]", (100001, 100002)),
        ("[##12345##]", ()),  # too short: no ticket has five digits
        ("[#123456#]", ()),
        ("[##１２３４５６##]", ()),  # digits, but not ours
        ("order 123456", ()),
    ],
)
def test_tags_are_found_wherever_they_stand(subject: str, numbers: tuple[int, ...]) -> None:
    assert find_tags(subject) == numbers


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("Re: сайт", "сайт"),
        ("RE: Re: FW: сайт", "сайт"),
        ("Отв: HA: На: Ответ: сайт", "сайт"),
        ("Re[2]: Re(3): Re^4: x", "x"),
        ("AW: WG: x", "x"),
        ("Odp: PD: x", "x"),
        ("SV: VS: x", "x"),
        ("Відп: Пересл: x", "x"),
        ("Re: [##123456##] Fwd: [##123456##] RE: x", "x"),
        ("Re：x", "x"),  # the wide colon of Chinese programs
        ("Реклама: скидки", "Реклама: скидки"),
        ("Rennes: x", "Rennes: x"),
        ("Вопрос: re: x", "Вопрос: re: x"),
        ("Re:", ""),
    ],
)
def test_prefixes_of_any_chain_are_taken_off(subject: str, words: str) -> None:
    assert strip_prefixes(subject) == words


@pytest.mark.parametrize(
    ("subject", "forwarded"),
    [("Fwd: x", True), ("[##123456##] FW: Re: x", True), ("Re: Fwd: x", False), ("WG: x", True), ("x", False)],
)
def test_forward_is_what_the_outermost_prefix_says(subject: str, forwarded: bool) -> None:
    assert is_forward(subject) is forwarded


@given(SUBJECTS, NUMBERS)
def test_adding_then_stripping_a_tag_gives_the_subject_back(subject: str, number: int) -> None:
    tagged = add_tag(subject, number)
    assert find_tags(tagged) == (number,)
    assert strip_tags(tagged) == subject


@given(st.text(alphabet="[#]123456 Re:", max_size=60), NUMBERS)
def test_tag_is_never_doubled(subject: str, number: int) -> None:
    assert find_tags(add_tag(add_tag(subject, number), number)) == (number,)


def test_tag_stands_first_and_is_plain_ascii() -> None:
    assert add_tag("Re: сайт [##100002##]", 100001) == "[##100001##] Re: сайт"
    assert tag(100001).isascii()
