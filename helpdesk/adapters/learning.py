"""Labelled letters in, a classifier out: logistic regression by scikit-learn (the extra "learn").

Only `helpdesk rules learn` teaches; a desk that judges letters needs neither scikit-learn nor numpy. A piece of a word
that a single letter has teaches nothing that would hold for another and is left out; a rare one weighs more than one
that many letters have (inverse document frequency). The same letters give the same classifier.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from helpdesk.core.classifier import SLOTS, Classifier, first_word, pair_slots, word_slots
from helpdesk.core.quote import split
from helpdesk.core.subject_tag import is_answer, strip_prefixes
from helpdesk.core.trial import Example
from helpdesk.core.words import prepare

# Letters that must know a piece.
_FEWEST = 2

# How closely the letters are followed: larger remembers more and guesses worse. Found by holding letters out.
_CLOSENESS = 20.0

# Steps; the usual hundred end too early for so many pieces.
_STEPS = 1000

# The largest number that a cell of the table holds.
_LARGEST = 127


class NothingToLearnError(ValueError):
    """The letters are too few, or all on one situation."""


def learn(examples: Sequence[Example], letters: str = "") -> Classifier:
    """What the letters teach; `letters` is their checksum. Takes seconds to a minute.

    Raises NothingToLearnError, and ImportError where scikit-learn is not installed.
    """
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    labels = [example.situation or "" for example in examples]
    if "" not in labels or len(set(labels)) < 2:
        raise NothingToLearnError("want letters on at least one situation, and letters on none")
    heard = [_heard(example) for example in examples]
    known = Counter(slot for slots in heard for slot in slots)
    rarity = {slot: 1 + math.log((1 + len(heard)) / (1 + n)) for slot, n in known.items() if n >= _FEWEST}
    mass = {slot: min(round(weight * weight), _LARGEST) for slot, weight in rarity.items()}
    values, columns, ends = [], [], [0]
    for slots in heard:
        there = [(slot, n) for slot, n in slots.items() if slot in rarity]
        size = math.sqrt(sum(mass[slot] * n for slot, n in there) or 1)
        values += [rarity[slot] * n / size for slot, n in there]
        columns += [slot for slot, _ in there]
        ends.append(len(columns))
    matrix = csr_matrix((values, columns, ends), shape=(len(heard), SLOTS))
    model = LogisticRegression(C=_CLOSENESS, max_iter=_STEPS).fit(matrix, labels)
    return _packed(model, rarity, mass, letters)


def _heard(example: Example) -> Counter[int]:
    """In how many of the letter's words each piece occurs, read as a new letter is; its pairs count once."""
    said, _ = split(example.text)
    prepared = prepare(said, strip_prefixes(example.subject))
    answers = is_answer(example.subject) and bool(said.strip())
    words = prepared.words[first_word(prepared, answers=answers) :]
    heard: Counter[int] = Counter(pair_slots(words))
    for word in set(words):
        heard.update(word_slots(word))
    return heard


def _packed(model: Any, rarity: dict[int, float], mass: dict[int, int], letters: str) -> Classifier:
    """The weights as small numbers. Two labels share one row of the regression, the rest have one each."""
    labels = [str(label) for label in model.classes_]  # sorted: "" stands first
    rows, bias = model.coef_, model.intercept_
    if len(labels) == 2:
        rows, bias = [-rows[0], rows[0]], [-bias[0], bias[0]]
    largest = max(abs(row[slot]) * rarity[slot] for row in rows for slot in rarity)
    scale = float(largest) / _LARGEST or 1.0
    width = len(labels) + 1
    table = bytearray(SLOTS * width)
    for slot, weight in rarity.items():
        cells = [round(row[slot] * weight / scale) for row in rows]
        table[slot * width : (slot + 1) * width] = bytes(cell % 256 for cell in (*cells, mass[slot]))
    return Classifier(tuple(labels), tuple(round(float(one), 4) for one in bias), scale, bytes(table), letters)
