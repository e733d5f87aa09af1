"""Numbers whose own digits tell a slip of the pen: accounts (IBAN) and tax numbers.

Bare characters without spaces in, a verdict out. Sources: ISO 13616 and ISO 7064 (MOD 97-10) for accounts; the order
of the Russian tax service on the INN; the Ukrainian registers' rules for the eight digits of a company and the ten of
a person; the Polish rules for the NIP. Never fails.
"""

from __future__ import annotations

# Characters of an account number by country, as registered under ISO 13616.
_IBAN_LENGTHS = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 "
    "FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 "
    "LU20 LV21 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 "
    "SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
)
IBAN_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _IBAN_LENGTHS.split()}

_INN_COMPANY = (2, 4, 10, 3, 5, 9, 4, 6, 8)
_INN_PERSON = ((7, 2, 4, 10, 3, 5, 9, 4, 6, 8), (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8))
_NIP = (6, 5, 7, 2, 3, 4, 5, 6, 7)
_RNOKPP = (-1, 5, 7, 9, 4, 6, 10, 5, 7)


def is_iban(account: str) -> bool:
    """Are length and check digits of this account number right? A country that is not registered is wrong."""
    if not account.isascii() or not account.isalnum() or len(account) != IBAN_LENGTHS.get(account[:2]):
        return False
    moved = account[4:] + account[:4]
    return int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1


def is_tax_number(number: str) -> bool:
    """Is this the tax number of a company or person in Russia, Ukraine or Poland?"""
    if not number.isascii() or not number.isdigit():
        return False
    digits = [int(sign) for sign in number]
    match len(digits):
        case 8:
            return _is_edrpou(digits)
        case 10:
            return _ends(digits, _INN_COMPANY) or _weighed(digits, _NIP) == digits[9] or _ends(digits, _RNOKPP)
        case 12:
            return _ends(digits[:11], _INN_PERSON[0]) and _ends(digits, _INN_PERSON[1])
        case _:
            return False


def _weighed(digits: list[int], weights: tuple[int, ...]) -> int:
    return sum(weight * digit for weight, digit in zip(weights, digits, strict=False)) % 11


def _ends(digits: list[int], weights: tuple[int, ...]) -> bool:
    """Is the last digit the weighed rest of those before it?"""
    return digits[-1] == _weighed(digits, weights) % 10


def _is_edrpou(digits: list[int]) -> bool:
    """Numbers from 30 to 60 million are weighed otherwise; a rest of ten is weighed once more, two higher."""
    weights = (
        (7, 1, 2, 3, 4, 5, 6) if 3_000_0000 <= int("".join(map(str, digits))) <= 6_000_0000 else tuple(range(1, 8))
    )
    rest = _weighed(digits, weights)
    if rest == 10:
        rest = _weighed(digits, tuple(weight + 2 for weight in weights)) % 10
    return digits[7] == rest
