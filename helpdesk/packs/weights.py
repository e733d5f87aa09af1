"""The file in which a pack keeps what its labelled letters teach: `outages.weights` beside `outages.toml`.

A line of JSON (the labels, their bias, the scale, the checksum of the letters), then the table, compressed. It is made
by `helpdesk rules learn` and read by whoever reads the pack.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable
from pathlib import Path

from helpdesk.core.classifier import SLOTS, Classifier
from helpdesk.core.trial import Example
from helpdesk.errors import ConfigError, Problem

SUFFIX = ".weights"


def write_weights(classifier: Classifier, path: Path) -> None:
    """Keep what was learned. Raises OSError."""
    head = {
        "labels": classifier.labels,
        "bias": classifier.bias,
        "scale": classifier.scale,
        "letters": classifier.letters,
    }
    path.write_bytes(json.dumps(head).encode() + b"\n" + zlib.compress(classifier.table, 9))


def read_weights(path: Path) -> Classifier | None:
    """What was learned, or None when there is no such file. Raises ConfigError for one that is damaged."""
    if not path.is_file():
        return None
    try:
        head, _, table = path.read_bytes().partition(b"\n")
        values = json.loads(head)
        labels, bias = tuple(map(str, values["labels"])), tuple(map(float, values["bias"]))
        size = SLOTS * (len(labels) + 1)
        unpacked = zlib.decompressobj().decompress(table, size + 1)
        if len(unpacked) != size or len(bias) != len(labels) or len(labels) < 2:
            raise ValueError(f"{len(unpacked)} bytes, {len(bias)} biases for {len(labels)} labels")
        return Classifier(labels, bias, float(values["scale"]), unpacked, str(values["letters"]))
    except (OSError, ValueError, KeyError, TypeError, zlib.error) as error:
        wanted = "want what `helpdesk rules learn` writes: run it again for this pack"
        raise ConfigError((Problem(path.name, f"cannot be read ({error}); {wanted}"),)) from error


def checksum(examples: Iterable[Example]) -> str:
    """What tells whether the letters are those that a classifier was learned from, in whatever order they stand."""
    letters = sorted(repr((one.language, one.situation, one.subject, one.text)) for one in examples)
    return hashlib.sha256("\n".join(letters).encode()).hexdigest()
