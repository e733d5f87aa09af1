"""A letter as a mail program shows it: its page with the pictures in it, and photographs of that page.

The photographer is the program Chromium without a window, driven over a pipe (Chrome DevTools Protocol,
`--remote-debugging-pipe`): one start for any number of pictures, each as high as its page. PermanentError
when it is not installed, TemporaryError when it stops.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from helpdesk.errors import PermanentError, TemporaryError

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")

# CSS pixels: the reading pane of a desktop program, and a phone held upright.
WIDE, PHONE = 700, 375

_TEXT_PAGE = (
    '<!DOCTYPE html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<meta name="color-scheme" content="light dark">'
    '<pre style="white-space:pre-wrap">'
)

# Higher pages are cut: a picture of 100,000 lines is of no use to anybody.
MAX_HEIGHT = 8000


def page_of(raw: bytes) -> str:
    """The HTML part of a mail, its pictures put into it as a mail program does; the text where there is no HTML."""
    message = message_from_bytes(raw, policy=policy.default)
    body = message.get_body(("html", "plain"))
    page = str(body.get_content()) if body is not None else ""
    if body is not None and body.get_content_type() == "text/plain":
        return f"{_TEXT_PAGE}{escape(page)}</pre>"
    for part in message.walk():
        if part["Content-ID"]:
            content = b64encode(bytes(part.get_content())).decode("ascii")
            page = page.replace(
                f"cid:{part['Content-ID'].strip('<>')}", f"data:{part.get_content_type()};base64,{content}"
            )
    return page


class Photographer:
    """Chromium, ready to take pictures."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = commands, answers
        self._number = 0
        self._heard = b""
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._ask("Page.enable")

    def photograph(self, page: Path, *, width: int = WIDE, dark: bool = False) -> bytes:
        """A PNG of the whole page in a window of this width (CSS pixels)."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", features=[scheme])
        self._ask("Emulation.setAutoDarkModeOverride", enabled=False)
        self._resize(width, 100)
        self._ask("Page.navigate", url=page.absolute().as_uri())
        self._wait("Page.loadEventFired")
        height = self._ask("Page.getLayoutMetrics")["cssContentSize"]["height"]
        self._resize(width, min(MAX_HEIGHT, int(height)))
        return b64decode(self._ask("Page.captureScreenshot", format="png")["data"])

    def _resize(self, width: int, height: int) -> None:
        self._ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width <= PHONE
        )

    def _ask(self, method: str, **parameters: object) -> Any:
        self._number += 1
        question: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if hasattr(self, "_session"):
            question["sessionId"] = self._session
        os.write(self._commands, json.dumps(question).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            pass
        if "error" in answer:
            raise TemporaryError(f"{method}: {answer['error'].get('message')}")
        return answer["result"]

    def _wait(self, event: str) -> None:
        while self._next().get("method") != event:
            pass

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._heard:
            piece = os.read(self._answers, 1 << 20)
            if not piece:
                raise TemporaryError("the browser has stopped; try again")
            self._heard += piece
        message, _, self._heard = self._heard.partition(b"\0")
        heard = json.loads(message)
        return heard if isinstance(heard, dict) else {}


@contextmanager
def photographer() -> Iterator[Photographer]:
    """Chromium, for as long as pictures are taken."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise PermanentError(
            f"no browser was found ({', '.join(PROGRAMS)}); install one, for example: apt-get install chromium"
        )
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    with TemporaryDirectory(prefix="helpdesk-browser-", ignore_cleanup_errors=True) as profile:
        quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]
        command = [program, *quiet, f"--user-data-dir={profile}", "--remote-debugging-pipe"]
        # The browser reads commands from its descriptor 3 and answers on 4. Whatever numbers the pipes have here, they
        # have 0 and 1 there first: not every shell can move a descriptor with two digits.
        shell = ["sh", "-c", 'exec "$@" 3<&0 4>&1 </dev/null >/dev/null', "sh", *command]
        browser = subprocess.Popen(shell, stdin=theirs_in, stdout=theirs_out, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            yield Photographer(ours_out, ours_in)
        finally:
            os.close(ours_out)
            os.close(ours_in)
            browser.terminate()
            browser.wait()
