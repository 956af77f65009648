"""Pieces of HTML. Whatever comes from outside is escaped here and nowhere else."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

#: What HTML has no place for: control characters, halves of pairs, and non-characters.
_NOT_HTML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef]")


class Markup(str):
    """A text that is HTML already."""

    __slots__ = ()


def escaped(text: object) -> Markup:
    """A text as HTML shows it; what is HTML already stays as it is."""
    if isinstance(text, Markup):
        return text
    return Markup(html.escape(_NOT_HTML.sub("\ufffd", str(text)), quote=True))


def element(tag: str, *content: object, **attributes: object) -> Markup:
    """An element with its end tag; ``class_`` is the attribute ``class``, None leaves one out."""
    inner = "".join(escaped(part) for part in content)
    return Markup(f"{_start(tag, attributes)}{inner}</{tag}>")


def void(tag: str, **attributes: object) -> Markup:
    """An element that has no content, such as a picture."""
    return Markup(_start(tag, attributes))


def joined(parts: Iterable[object], between: str = "\n") -> Markup:
    """Pieces one after the other."""
    return Markup(between.join(escaped(part) for part in parts))


def facts_table(facts: Mapping[str, object], *, classes: Mapping[str, str] | None = None) -> Markup:
    """A table of names and values."""
    kinds = classes or {}
    rows = [
        element(
            "tr",
            element("th", name, scope="row"),
            element("td", value, class_=kinds.get(name)),
        )
        for name, value in facts.items()
    ]
    return element("table", element("tbody", joined(rows)))


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    numbers: Sequence[int] = (),
    unbroken: Sequence[int] = (),
    caption: str | None = None,
) -> Markup:
    """A table with a line of headings.

    Columns of ``numbers`` stand at the right; those ``unbroken`` stay on one line.
    """

    def kind(column: int) -> str | None:
        if column in numbers:
            return "number"
        return "unbroken" if column in unbroken else None

    head = [element("th", name, scope="col", class_=kind(i)) for i, name in enumerate(headings)]
    body = [
        element("tr", joined((element("td", v, class_=kind(i)) for i, v in enumerate(row)), ""))
        for row in rows
    ]
    whole = element(
        "table",
        *([] if caption is None else [element("caption", caption)]),
        element("thead", element("tr", joined(head, ""))),
        element("tbody", joined(body)),
    )
    return element("div", whole, class_="scroll")


def _start(tag: str, attributes: Mapping[str, object]) -> str:
    given = {
        name.removesuffix("_").replace("_", "-"): value
        for name, value in attributes.items()
        if value is not None
    }
    written = [f' {name}="{escaped(value)}"' for name, value in given.items()]
    return f"<{tag}{''.join(written)}>"
