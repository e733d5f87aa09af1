"""How a desk's letters look: text that can be read on its colour, logos that can be shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.core.brand import MAX_LOGO, contrast, read_colour, read_logo, text_on
from tests.letters import png

COLOURS = st.integers(min_value=0, max_value=0xFFFFFF).map(lambda number: f"#{number:06x}")

# Start of image, one table of no interest, a frame of 300 x 100, and nothing behind it.
JPEG = b"\xff\xd8" + b"\xff\xe0\x00\x04ab" + b"\xff\xc0\x00\x0b\x08\x00\x64\x01\x2c\x01\x01\x11\x00"


@given(COLOURS)
def test_text_on_any_colour_is_easy_to_read(colour: str) -> None:
    assert contrast(text_on(colour), colour) >= 4.5


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)  # the known lightest grey for 4.5


@pytest.mark.parametrize("text", ["blue", "#12", "#12345g", "red;background:url(x)", '#123456"', "#123456\n"])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="#rrggbb"):
        read_colour(text)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((120, 40), (120, 40)),  # fits as it is
        ((20, 10), (20, 10)),  # small ones are not blown up
        ((960, 96), (240, 24)),  # twice as sharp as shown, and wide
        ((96, 960), (5, 48)),
        ((100_000, 1), (240, 1)),
    ],
)
def test_a_logo_is_shown_within_its_box(size: tuple[int, int], shown: tuple[int, int]) -> None:
    logo = read_logo(png(*size)[:24])
    assert (logo.type, logo.width, logo.height) == ("image/png", *shown)


def test_the_size_of_a_jpeg_is_that_of_its_frame() -> None:
    logo = read_logo(JPEG)
    assert (logo.type, logo.name, logo.width, logo.height) == ("image/jpeg", "logo.jpeg", 144, 48)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is no PNG or JPEG"),
        (b"", "is no PNG or JPEG"),
        (b"\x89PNG\r\n\x1a\n", "is no PNG or JPEG"),
        (b"GIF89a", "is no PNG or JPEG"),
        (png(1, 1)[:16] + bytes(8), "says that it is empty"),
        (JPEG[:12], "says that it is empty"),
        (b"\xff\xd8\xff\xe0\x00\x00", "says that it is empty"),
        (b"\xff\xd8\xff" + b"\xff" * 100, "says that it is empty"),
        (png(1, 1) + bytes(MAX_LOGO), "is larger than 64 KB"),
    ],
)
def test_what_cannot_be_shown_as_a_logo_is_refused(content: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_logo(content)


@given(st.binary(max_size=200))
def test_no_file_breaks_the_reader(content: bytes) -> None:
    for head in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"):
        try:
            logo = read_logo(head + content)
        except ValueError:
            continue
        assert 1 <= logo.width <= 240
        assert 1 <= logo.height <= 48
