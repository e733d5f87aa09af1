"""What people write into fields, understood or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.check_digits import is_iban, is_tax_number
from helpdesk.core.field_values import NONE, Choice, Fault, FieldKind, understand

LOOKS = (
    Choice("used", (("ru", "б/у"), ("en", "used")), ("бывшее в употреблении",)),
    Choice("new", (("ru", "новое"), ("en", "new"))),
    Choice("presale", (("ru", "предторг"), ("en", "pre-sale"))),
)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("date", "01.06.2023", "2023-06-01"),
        ("date", "1.6.23", "2023-06-01"),
        ("date", "2023-06-01", "2023-06-01"),
        ("date", "1 июня 2023 г.", "2023-06-01"),
        ("date", "3 травня 2024", "2024-05-03"),
        ("date", "15 września 2025", "2025-09-15"),
        ("date", "31.02.2023", Fault.DAY),
        ("date", "вчера", Fault.DATE),
        ("number", "2 шт.", "2"),
        ("number", "одна", Fault.NUMBER),
        ("money", "780", "780"),
        ("money", "1 234,50 руб.", "1234.50 RUB"),
        ("money", "1.250,00 zł", "1250 PLN"),
        ("money", "бесплатно", Fault.MONEY),
        ("yes-no", "Да, есть", "yes"),
        ("yes-no", "ні", "no"),
        ("yes-no", "возможно", Fault.YES_NO),
        ("serial", "01.234.09274", "01.234.09274"),
        ("serial", "Б/Н", NONE),  # what the form itself offers where there is none
        ("serial", "не знаю", Fault.SERIAL),
        ("article", "ЭГК-1500", "ЭГК-1500"),
        ("article", "?", Fault.ARTICLE),
        ("phone", "8 (900) 000-12-34", "+79000001234"),  # 8 is how Russians dial themselves
        ("phone", "+380 44 000 12 34", "+380440001234"),
        ("phone", "123", Fault.PHONE),
        ("iban", "ua21 3223 1300 0002 6007 2335 6600 1", "UA213223130000026007233566001"),
        ("iban", "UA21 3223 1300 0002 6007 2335 6600 2", Fault.IBAN),
        ("tax-number", "123456789", Fault.TAX_NUMBER),
        ("email", "пишите на Anna@Example.com", "anna@example.com"),
        ("email", "anna", Fault.EMAIL),
        ("text", " как   есть ", "как есть"),
    ],
)
def test_a_value_is_understood_or_refused(kind: str, text: str, value: str) -> None:
    assert understand(FieldKind(kind), text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Б/У", "used"),
        ("бу", "used"),
        ("used", "used"),  # another language
        ("придторг", "presale"),  # a slip
        ("предторг (новое)", "presale"),  # the choice, and then more words
        ("зелёное", Fault.CHOICE),
    ],
)
def test_a_choice_may_be_written_nearly_right(text: str, value: str) -> None:
    assert understand(FieldKind.CHOICE, text, LOOKS) == value


@given(st.sampled_from(FieldKind), st.text(max_size=100))
def test_no_text_is_too_strange_for_a_field(kind: FieldKind, text: str) -> None:
    value = understand(kind, text, LOOKS)
    assert isinstance(value, Fault) or understand(kind, value, LOOKS) == value or kind in (FieldKind.SERIAL, "phone")


# The examples of the registry of ISO 13616.
@pytest.mark.parametrize(
    "account",
    [
        "GB29NWBK60161331926819",
        "DE89370400440532013000",
        "PL61109010140000071219812874",
        "UA213223130000026007233566001",
    ],
)
def test_an_account_with_one_wrong_or_exchanged_sign_is_refused(account: str) -> None:
    assert is_iban(account)
    for place in range(4, len(account)):
        other = "7" if account[place] != "7" else "8"
        assert not is_iban(account[:place] + other + account[place + 1 :])
        if account[place - 1] != account[place]:
            assert not is_iban(account[: place - 1] + account[place] + account[place - 1] + account[place + 1 :])


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("7707083893", True),  # Russian company
        ("7707083894", False),
        ("500100732259", True),  # Russian person
        ("500100732258", False),
        ("14360570", True),  # Ukrainian company
        ("14360571", False),
        ("32855961", True),  # … weighed otherwise, because it is between 30 and 60 million
        ("32855968", False),
        ("1759013776", True),  # Ukrainian person
        ("5260001246", True),  # Polish company
        ("5260001244", False),
        ("", False),
        ("١٢٣٤٥٦٧٨", False),  # digits of another script
    ],
)
def test_tax_numbers_tell_a_slip(number: str, valid: bool) -> None:
    assert is_tax_number(number) is valid
