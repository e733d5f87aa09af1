"""What is wrong with a template, for the person who wrote it: file, line, cause, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from traceback import extract_tb

from jinja2.exceptions import SecurityError, TemplateNotFound, TemplateSyntaxError, UndefinedError

# What a template may do with a value.
FILTERS = ("capitalize", "default", "join", "length", "lower", "title", "trim", "upper")


@dataclass(frozen=True, slots=True)
class Fault:
    """`file` is the name below the folder of templates; `line` 0: it has no place of its own."""

    file: str
    line: int
    cause: str
    cure: str

    @property
    def text(self) -> str:
        """Cause and cure."""
        return f"{self.cause.rstrip('.')}; {self.cure}"

    def __str__(self) -> str:
        return f"{self.file}{f', line {self.line}' if self.line else ''}: {self.text}"


def fault_of(error: Exception, template: str, values: Iterable[str]) -> Fault:
    """The error as a fault; `template` was being filled in, and could print `values`."""
    file, line = _place(error, template)
    return Fault(file, line, str(error) or type(error).__name__, _cure(error, values))


def _place(error: Exception, template: str) -> tuple[str, int]:
    if isinstance(error, TemplateSyntaxError):
        return error.name or template, error.lineno
    # The lines of a template stand in the traceback as if it were a program; the last one is where it went wrong.
    for frame in reversed(extract_tb(error.__traceback__)):
        if frame.filename.endswith((".txt", ".html")):
            return "/".join(frame.filename.split("/")[-len(template.split("/")) :]), frame.lineno or 0
    return template, 0


def _cure(error: Exception, values: Iterable[str]) -> str:
    match error:
        case UndefinedError():
            known = sorted(values)
            nearest = get_close_matches(str(error).split("'")[1] if "'" in str(error) else "", known, n=1)
            return f"did you mean {nearest[0]}?" if nearest else f"a letter can print {', '.join(known)}"
        case SecurityError() if "more than" in str(error):
            return "print less: the loops repeat too much"
        case SecurityError():
            return "a template can print values, test them with if and loop over them with for, nothing else"
        case TemplateSyntaxError() if "filter" in str(error):
            return f"the filters are {', '.join(FILTERS)}"
        case TemplateSyntaxError():
            return "compare the line with that of the shipped file: every {% if %} wants its {% endif %}"
        case TemplateNotFound():
            return "only files of the folder of templates can be included"
        case RecursionError():
            return "the file includes itself; take the include out"
        case UnicodeDecodeError():
            return "save the file as UTF-8"
        case OSError():
            return "the daemon must be able to read the file"
        case _:
            return "compare the file with the shipped one"
