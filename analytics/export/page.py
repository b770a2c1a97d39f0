"""A briefing as one HTML file that needs nothing else: interactive charts, tables of numbers, sources; and such a file read back.

plotly's library and the boundaries are written into it once; nothing is fetched, from the disk or from a network.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.util import find_spec
from itertools import zip_longest
from numbers import Real
from pathlib import Path
from urllib.parse import quote, urlsplit

import lxml.html
from lxml.etree import LxmlError

from analytics import places
from analytics.errors import N_, OutreachError
from analytics.export.parts import Deck, Read, Slide, Source, Table, Text
from analytics.export.workbook import all_sources, clean, collapsed, rounded, width

FOLDER = Path(__file__).parent
TAGS = {"en": ("en",), "zh": ("zh-CN",), "both": ("en", "zh-CN")}
"""Languages of a deck as HTML names them, in the order of its texts."""
MOST_ROWS = 20
"""Rows of a table that is an item's main part; the others are folded away below it."""
TABLE_WIDTH = (125, 150)
"""Characters across a table of few columns, and across one of many, which is set smaller."""
MANY_COLUMNS = 7
LONG_TEXT = 60
"""Characters from which a text is one to wrap."""
CLICKS = ("customdata", "ids", "uirevision")
"""What of a figure only has a meaning in the dashboard."""
VALUES = ("name", "x", "y", "z", "values", "labels", "text", "base", "locations", "lon", "lat")
LOOKS = (("marker", "color"), ("marker", "size"), ("marker", "line", "color"), ("line", "color"), ("fillcolor",), ("colorscale",))
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; connect-src data:"
"""Even a figure that asks for something gets nothing from outside the file."""


# ------------------------------------------------------------------ writing


def write(deck: Deck, alone: bool = False) -> bytes:
    """The briefing as a page, with its manifest and the facts that `read` finds in it.

    `alone` is for making pictures: the first item fills the window, and its chart is left in the page as SVG, without its texts.
    """
    # What is exported is what a reader finds; the library says nothing about that and is left out of the first writing.
    exported = {} if alone else read(_document(deck, {}, False, "", {})).slides
    shaped = any('"@shapes"' in json.dumps(_plain(slide.figure)) for slide in deck.slides)
    return _document(deck, deck.manifest | {"exported": exported}, alone, library(), places.shapes() if shaped else {})


@cache
def library() -> str:
    """plotly's JavaScript, as installed."""
    spec = find_spec("plotly")
    if spec is None or not spec.origin:
        raise OutreachError(N_("The package plotly is not installed. Run: pip install -r requirements.txt"))
    return (Path(spec.origin).parent / "package_data" / "plotly.min.js").read_text("utf-8")


def _document(deck: Deck, manifest: dict, alone: bool, script: str, shapes: dict) -> bytes:
    if alone:
        body = [_item(deck.slides[0], deck, f'<p class="source">{_text(about_line(deck))}</p>')]
    else:
        body = [_contents(deck), *(_item(slide, deck) for slide in deck.slides), _sources(deck)]
    about = "\n".join(f'<meta name="{_text(name)}" content="{_text(text)}">' for name, text in deck.about)
    page = f"""<!doctype html>
<html lang="{TAGS[deck.language][0]}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
{about}
<title>{_text(deck.name)}</title>
<style>
{_style()}
</style>
</head>
<body{' class="alone"' if alone else ""}>
<main>
{chr(10).join(body)}
</main>
<script type="application/json" id="outreach-manifest">{_json(manifest)}</script>
<script type="application/json" id="outreach-shapes">{_json(shapes)}</script>
<script>{_script(script)}</script>
<script>
{_script("".join((FOLDER / name).read_text("utf-8") for name in ("fitting.js", "page.js")))}
</script>
</body>
</html>
"""
    return page.encode("utf-8")


@cache
def _style() -> str:
    return (FOLDER / "page.css").read_text("utf-8")


def _script(code: str) -> str:
    """JavaScript that cannot end its element too early."""
    return code.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def about_line(deck: Deck) -> str:
    """What the numbers come from, on one line."""
    return " · ".join(f"{name}: {text}" for name, text in deck.about)


def _text(text: object) -> str:
    return escape(clean(text))


def _json(value: object) -> str:
    """JSON as it may stand in a script element: plain ASCII, and no sign that HTML knows."""
    text = json.dumps(_plain(value), separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _plain(value: object) -> object:
    """What JSON can hold: gaps in the place of what is no number, and lists."""
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)) or hasattr(value, "tolist"):
        listed = value.tolist() if hasattr(value, "tolist") else value
        return [_plain(part) for part in listed] if isinstance(listed, (list, tuple)) else _plain(listed)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _still(figure: object) -> object:
    """A figure without what its clicks would open."""
    if isinstance(figure, dict):
        return {name: _still(part) for name, part in figure.items() if name not in CLICKS}
    return [_still(part) for part in figure] if isinstance(figure, (list, tuple)) else figure


# ------------------------------------------------------------------ sections


def _contents(deck: Deck) -> str:
    about = "".join(f"<dt>{_text(name)}</dt><dd>{_text(text)}</dd>" for name, text in deck.about)
    items = "\n".join(
        f'<li><a href="#{quote(clean(slide.key))}">{_spans(slide.titles, deck)}</a> <span>{_spans(slide.sentences[:1], deck)}</span></li>'
        for slide in deck.slides
    )
    return f"""<section id="outreach-contents">
<h1>{_text(deck.name)}</h1>
<dl class="about">{about}</dl>
<h3>{_text(deck.labels["contents"])}</h3>
<ol class="items">
{items}
</ol>
</section>"""


def _item(slide: Slide, deck: Deck, ending: str = "") -> str:
    pieces = [
        f'<section class="item" id="{_text(slide.key)}">',
        f'<h2 data-fact="title">{_spans(slide.titles, deck)}</h2>',
        f'<p class="filters">{_label(deck, "filters")}<span data-fact="filters">{_spans(slide.sentences, deck)}</span></p>',
    ]
    stated = [text for text in slide.findings if text.strip()]
    if stated:
        listed = enumerate(stated, start=1)
        findings = "".join(f'<li data-fact="findings/{number}"{_tongue(text, deck)}>{_text(text)}</li>' for number, text in listed)
        pieces.append(f'<ul class="findings" aria-label="{_text(deck.labels["findings"])}">{findings}</ul>')
    if slide.note:
        pieces.append(
            f'<p class="note">{_label(deck, "note")}<span data-fact="note"{_tongue(slide.note, deck)}>{_text(slide.note)}</span></p>'
        )
    if slide.figure:
        named = _text(" ".join((*slide.titles, *slide.findings)))
        pieces.append(f'<div class="plot" role="img" aria-label="{named}" data-height="{slide.height}"></div>')
        pieces.append(f'<script type="application/json" class="figure">{_json(_still(slide.figure))}</script>')
    sentences = [sentence for part in slide.parts if isinstance(part, Text) for sentence in part.sentences] if not slide.figure else []
    pieces += [f'<p data-fact="text/{n}"{_tongue(text, deck)}>{_text(text)}</p>' for n, text in enumerate(sentences, start=1)]
    pieces.append(_numbers(slide, deck, 0 if slide.figure or sentences else MOST_ROWS))
    if slide.footnotes:
        notes = " ".join(f"<li{_tongue(text, deck)}>{_text(text)}</li>" for text in slide.footnotes)
        pieces.append(f'<ul class="footnotes" data-fact="footnotes">{notes}</ul>')
    return "\n".join((*pieces, ending, "</section>"))


def _label(deck: Deck, name: str) -> str:
    return f'<b class="label">{_text(deck.labels[name])}</b> '


def _spans(texts: Sequence[str], deck: Deck) -> str:
    """One text per language, each marked as such."""
    pairs = zip_longest(texts, TAGS[deck.language][: len(texts)], fillvalue=TAGS[deck.language][-1])
    return " ".join(f'<span lang="{tag}">{_text(text)}</span>' for text, tag in pairs)


def _tongue(text: str, deck: Deck) -> str:
    """The language of a text that stands alone in a deck of two languages."""
    if deck.language != "both":
        return ""
    return ' lang="zh-CN"' if re.search("[\u4e00-\u9fff]", text) else ' lang="en"'


def _numbers(slide: Slide, deck: Deck, most: int) -> str:
    """The table of numbers: its first rows in sight, the rest folded away; with none in sight, all of it."""
    table = slide.table
    if not table.columns:
        return ""
    if most and len(table.rows) <= most:
        return _html_table(table, table.rows)
    folded = _html_table(table, table.rows[most:])
    if not most:
        return f"<details><summary>{_text(deck.labels['data'])}</summary>{folded}</details>"
    more = _text(deck.labels["more"].format(n=len(table.rows) - most))
    rest = f"<details><summary>{_text(deck.labels['data'])}</summary>{folded}</details>"
    return f'{_html_table(table, table.rows[:most])}\n<p class="about">{more}</p>\n{rest}'


def _html_table(table: Table, rows: Sequence[tuple]) -> str:
    numeric = [any(isinstance(row[column], Real) for row in rows) for column in range(len(table.columns))]
    look = [' class="number"' if each else "" for each in numeric]
    head = "".join(f'<th scope="col"{css}>{_text(name)}</th>' for name, css in zip(table.columns, look, strict=True))
    body = "\n".join("<tr>" + "".join(map(_html_cell, row)) + "</tr>" for row in rows)
    small = ' class="small"' if len(table.columns) > MANY_COLUMNS else ""
    columns = "".join(f'<col style="width:{share:.1%}">' for share in shares(table.columns, table.rows))
    inside = f"<colgroup>{columns}</colgroup><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody>"
    return f'<div class="scroll"><table data-fact="table"{small}>{inside}</table></div>'


def shares(heads: Sequence[str], rows: Sequence[tuple]) -> list[float]:
    """The part of the width that each column gets: room for its longest word first, the rest to those with long texts."""
    many = len(heads) > MANY_COLUMNS
    least, more = [], []
    for column, head in enumerate(heads):
        cells = [shown(row[column]) for row in rows[:200]]
        words = [width(word) for text in (head, *cells) for word in re.findall(r"[^\s\u2e80-\uffef]+|[\u2e80-\uffef]{1,3}", clean(text))]
        longest = max(map(width, cells), default=0)
        least.append(max(2.5 + min(16, max(words, default=3)), LONG_TEXT / 2 if longest > LONG_TEXT else 0))
        more.append(max(0, width(head) / (3 if many else 1) - least[-1], min(70, longest) + 2.5 - least[-1]))
    room = TABLE_WIDTH[many]
    spare = max(0.0, room - sum(least)) / (sum(more) or 1)
    widths = [one + spare * other for one, other in zip(least, more, strict=True)]
    return [each / sum(widths) for each in widths]


def shown(value: object) -> str:
    """A cell as it is read; '' for an empty one."""
    return _digits(value) if isinstance(value, Real) else "" if value is None else clean(value)


def _html_cell(value: object) -> str:
    if isinstance(value, Real):
        return f'<td class="number">{_digits(value)}</td>'
    return f"<td>{escape(shown(value))}</td>"


def _digits(value: Real) -> str:
    """A number with thousands apart, as exact as it is compared; nothing for what is no number."""
    number = float(value)
    if not math.isfinite(number):
        return ""
    return f"{int(number):,}" if number.is_integer() else f"{rounded(number):,}"


def _sources(deck: Deck) -> str:
    """The last section: words and meanings, then the reports, each once."""
    pairs = dict.fromkeys(pair for slide in deck.slides for pair in slide.definitions)
    meanings = "".join(f"<dt{_tongue(word, deck)}>{_text(word)}</dt><dd{_tongue(text, deck)}>{_text(text)}</dd>" for word, text in pairs)
    reports = "\n".join(f"<li>{_report(source)}</li>" for source in all_sources(deck.slides))
    return f"""<section id="outreach-sources" class="flows">
<h2>{_text(deck.labels["sources"])}</h2>
<h3>{_text(deck.labels["definitions"])}</h3>
<dl class="definitions">{meanings}</dl>
<h3>{_text(deck.labels["reports"])}</h3>
<ol class="reports">
{reports}
</ol>
</section>"""


def _report(source: Source) -> str:
    title = _text(source.title)
    try:
        web = urlsplit(source.url).scheme in ("http", "https")
    except ValueError:
        web = False
    # Only addresses of the web become links; anything else is text.
    named = f'<a href="{_text(source.url)}" rel="noreferrer noopener">{title}</a>' if web else title
    rest = " · ".join(_text(text) for text in (source.publisher, source.day, "" if web else source.url) if text)
    return f"{named} · {rest}" if rest else named


# ------------------------------------------------------------------ reading


def read(content: bytes) -> Read:
    """The manifest, every item's facts, and how many sections are not ours.

    Facts are `title`, `filters`, `findings/1`, `note`, `footnotes`, `text/1`, `table/<row>/<column>` (row 0 holds the headings) and
    `figure/<trace>/<field>/<i>` for what a chart draws: numbers, texts, colours; `figure/annotations/<i>` and `figure/<axis>/<i>`.
    Raises OutreachError when the bytes are no page.
    """
    root = _opened(content)
    slides = {section.get("id"): _facts(section) for section in root.xpath("//section[contains(@class, 'item')][@id]")}
    others = root.xpath("count(//main//section[not(contains(@class, 'item'))][not(starts-with(@id, 'outreach-'))])")
    return Read(_manifest(root), slides, int(others))


def _opened(content: bytes) -> lxml.html.HtmlElement:
    wrong = N_("This file cannot be read as a page. Choose an HTML file that was exported here, or export it again.")
    if b"<html" not in content[:4_000].lower():
        raise OutreachError(wrong)
    try:
        return lxml.html.document_fromstring(content, parser=lxml.html.HTMLParser(encoding="utf-8", huge_tree=True))
    except (LxmlError, ValueError) as error:
        raise OutreachError(wrong) from error


def _manifest(root: lxml.html.HtmlElement) -> dict | None:
    for script in root.xpath("//script[@id='outreach-manifest']"):
        found = _read_json(script.text)
        return found if isinstance(found, dict) else None
    return None


def _read_json(text: str | None) -> object:
    try:
        return json.loads(text or "")
    except ValueError:
        return None


def _facts(section: lxml.html.HtmlElement) -> dict[str, str | float]:
    facts: dict[str, str | float | None] = {}
    rows = 0
    for node in section.xpath(".//*[@data-fact]"):
        path = node.get("data-fact")
        if path != "table":
            facts[path] = collapsed(node.text_content()) or None
            continue
        # What is folded away goes on where the rows in sight end; its headings are those again.
        heads = [] if rows else node.xpath("./thead/tr")
        for row, line in enumerate((*heads, *node.xpath("./tbody/tr")), start=rows):
            facts |= {f"table/{row}/{column}": _cell(cell) for column, cell in enumerate(line.xpath("./th|./td"), start=1)}
            rows = row + 1
    for script in section.xpath(".//script[contains(@class, 'figure')]"):
        facts |= _figure_facts(_read_json(script.text))
    return {path: value for path, value in facts.items() if value is not None}


def _cell(cell: lxml.html.HtmlElement) -> str | float | None:
    text = collapsed(cell.text_content())
    if cell.tag == "td" and "number" in (cell.get("class") or ""):
        try:
            return rounded(float(text.replace(",", "")))
        except ValueError:
            return text or None
    return text or None


def _figure_facts(figure: object) -> dict[str, str | float]:
    if not isinstance(figure, dict):
        return {}
    facts: dict[str, str | float] = {}
    for number, trace in enumerate(figure.get("data") or (), start=1):
        for field in VALUES:
            facts |= _flat(trace.get(field), f"figure/{number}/{field}")
        for look in LOOKS:
            value = trace
            for name in look:
                value = value.get(name) if isinstance(value, dict) else None
            facts |= _flat(value, f"figure/{number}/{'/'.join(look)}")
    layout = figure.get("layout") or {}
    facts |= _flat([each.get("text") for each in layout.get("annotations") or ()], "figure/annotations")
    for axis in ("xaxis", "yaxis"):
        facts |= _flat((layout.get(axis) or {}).get("ticktext"), f"figure/{axis}")
    return facts


def _flat(value: object, path: str) -> dict[str, str | float]:
    """A value, or each value of nested lists, by its path."""
    if isinstance(value, list):
        return {place: fact for n, part in enumerate(value, start=1) for place, fact in _flat(part, f"{path}/{n}").items()}
    if isinstance(value, str):
        text = collapsed(value)
        return {path: text.upper() if re.fullmatch(r"#[0-9a-fA-F]{6}", text) else text} if text else {}
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return {path: rounded(value)}
    return {}
