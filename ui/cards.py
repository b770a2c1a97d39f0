"""Cards: an exhibit with its export menu, the row of headline figures, the district panel, an event's page, empty results."""

from __future__ import annotations

import base64
import json
import textwrap
from collections.abc import Callable
from html import escape
from itertools import count

import pandas as pd
import streamlit as st

from analytics import measures, places, schema, theme
from analytics.exhibit import Context, Exhibit, Link
from analytics.export.table import MIME, File, export, file_stem
from analytics.figures import dimension_name, names
from analytics.maps import DIGITS
from analytics.measures import Grouping
from analytics.selection import phrase, span_phrase
from analytics.text import Words
from ui import cache, filters, plot, shelf
from ui.frame import View

TWIN_ROWS = 200
BRIEFING = "briefing"
_stamp = count()


def card(view: View, exhibit: Exhibit, taken: Callable[[], Exhibit] | None = None) -> None:
    """Draw one exhibit in place, with its table twin and its menu; files are made when they are asked for.

    An exhibit without a figure has the menu alone. `taken` makes what an export holds where that is more than is shown.
    """
    state, key = st.session_state, f"card-{exhibit.key}"
    if exhibit.figure and (state.get(f"{key}-failed") or not plot.prepare()):
        _plain(view, exhibit)
        return
    asked = state.pop(f"{key}-export", None)
    shown = state.get(key) or {}
    data = _data(view, exhibit, bool(shown.get("table")))
    if asked in MIME:
        data["file_content"] = handed_over(export(taken() if taken else exhibit, view.context, asked))

    def exported() -> None:
        asked = state[key].get("export")
        filters.touched()
        if asked == BRIEFING and exhibit.recipe:
            # Here and not in the run that follows, which a quick click on a link would cut short.
            shelf.add(view, exhibit.recipe)
        else:
            state[f"{key}-export"] = asked

    result = plot.component()(
        key=key, data=data, on_export_change=exported, on_table_change=filters.touched, on_failed_change=filters.touched
    )
    if result.get("failed"):
        state[f"{key}-failed"] = True
        st.rerun()


def preview(view: View, exhibit: Exhibit, title: str, sentence: str, findings: list[str], note: str, number: int, key: str) -> None:
    """One slide as it will leave: title, filters, chart or table, findings, footnotes. Nothing on it can be clicked."""
    data = _data(view, exhibit, not exhibit.figure and not exhibit.sentences)
    if not exhibit.figure:
        findings = [*findings, *(each.text for each in exhibit.sentences if each.text not in findings)][:8]
    data |= {
        "key": key, "title": title, "formats": [], "about": "", "slide": {"sentence": sentence, "note": note, "number": str(number)},
        "sentences": [{"text": text, "href": ""} for text in findings], "height": 250, "notes": [{"text": each.text, "href": ""} for each in exhibit.notes],
    }  # fmt: skip
    if data["table"]:
        data["table"] |= {"rows": data["table"]["rows"][:8], "links": [""] * 8}
    # A slide that moved is drawn anew: one component cannot stand in two places while the page is redrawn.
    plot.component()(key=f"slide-{key}-{number}", data=data)


def handed_over(file: File) -> dict[str, str]:
    """A finished file as the card's script takes it: each is saved once."""
    return {
        "id": f"{next(_stamp)}-{file.name}",
        "name": file.name,
        "mime": file.mime,
        "base64": base64.b64encode(file.content).decode(),
    }


def _data(view: View, exhibit: Exhibit, twin: bool) -> dict:
    words, context = view.words, view.context
    formats = [
        *(["png", "svg"] if exhibit.figure else []),
        "csv",
        "xlsx",
        "parquet",
        *(["geojson"] if exhibit.codes == ("district",) and exhibit.shapes else []),
        *([BRIEFING] if exhibit.recipe else []),
    ]
    return {
        "key": exhibit.key,
        "title": exhibit.title,
        "figure": exhibit.figure or None,
        "alt": exhibit.alt,
        "height": exhibit.height,
        "notes": [{"text": note.text, "href": note.href} for note in exhibit.notes],
        "shapes": places.shapes() if exhibit.shapes else None,
        "table": _twin(exhibit, context) if twin else None,
        "formats": [[kind, format_name(kind, words)] for kind in formats],
        "palettes": {"light": theme.LIGHT, "dark": theme.DARK},
        "words": {"export": words("Export"), "table": words("Show as table"), "copy": words("Copy")},
        "about": exhibit.about,
        "sentences": [{"text": each.text, "href": each.href} for each in exhibit.sentences],
        "print": {
            "title": exhibit.title,
            "lines": textwrap.wrap(context.sentence(), 150 if words.language == "en" else 75),
            "footer": _footer(exhibit, context),
        },
        "file": file_stem(exhibit, context),
        "library": f"./app/static/{plot.LIBRARY}",
        "stamp": context.selection.address(language=words.language),
    }


def _footer(exhibit: Exhibit, context: Context) -> list[str]:
    notes = " · ".join(note.text for note in exhibit.notes)
    return [
        line
        for text in (notes, context.words("Data: {source}", source=context.source()))
        for line in textwrap.wrap(text, 170 if context.words.language == "en" else 90)
    ]


def format_name(kind: str, words: Words) -> str:
    """Name of a download in the export menu."""
    return {
        "png": words("Image (PNG)"), "svg": words("Drawing (SVG)"), "csv": words("Table (CSV)"), "xlsx": words("Workbook (XLSX)"),
        "parquet": words("Data (Parquet)"), "geojson": words("Map data (GeoJSON)"), BRIEFING: words("Add to briefing"),
    }[kind]  # fmt: skip


def _twin(exhibit: Exhibit, context: Context) -> dict:
    """The exhibit's numbers as text cells, codes left out; each row's first cell leads to its events."""
    table = exhibit.table.head(TWIN_ROWS)
    shown = [name for name in table.columns if name not in exhibit.codes]
    rows = [[_cell(value, context.words) for value in row] for row in table[shown].itertuples(index=False)]
    links = (
        [
            context.drill(**{name.replace("-", "_"): code for name in exhibit.codes if (code := row[table.columns.get_loc(name)])})
            for row in table.itertuples(index=False)
        ]
        if exhibit.codes
        else [""] * len(rows)
    )
    return {"columns": shown, "rows": rows, "links": links, "text": max(1, len(exhibit.codes))}


def _cell(value: object, words: Words) -> str:
    if value is None or value is pd.NaT or (not isinstance(value, str) and pd.isna(value)):
        return "–"
    if isinstance(value, str):
        return value
    return words.number(value, 0 if float(value).is_integer() else 2)


def _plain(view: View, exhibit: Exhibit) -> None:
    """Streamlit's own chart, where the card's script cannot be loaded: the figure, its notes, its table as a download."""
    st.markdown(f"**{exhibit.title}**")
    figure = json.loads(
        json.dumps(theme.resolve(exhibit.figure, theme.LIGHT)).replace(
            '"@shapes"', json.dumps(places.shapes()) if exhibit.shapes else "null"
        )
    )
    st.plotly_chart(figure, key=f"plain-{exhibit.key}", config={"displayModeBar": False}, height=exhibit.height)
    st.caption(" · ".join([exhibit.alt, *(note.text for note in exhibit.notes)]))
    st.download_button(
        format_name("xlsx", view.words),
        lambda: export(exhibit, view.context, "xlsx").content,
        file_name=f"{file_stem(exhibit, view.context)}.xlsx",
        key=f"plain-xlsx-{exhibit.key}",
        on_click="ignore",
    )


# ------------------------------------------------------------------ headline figures


def figures_row(view: View, total: pd.DataFrame, by_district: pd.DataFrame) -> None:
    """Events, activities, districts, places, participants; each leads to its events and shows the change against the span before."""
    words, context, selection = view.words, view.context, view.context.selection
    now = measures.headline(total, by_district, cache.places_named(view.store, selection))
    earlier_selection = measures.before(selection)
    earlier = None
    if earlier_selection:
        tables = cache.measure(view.store, earlier_selection, (Grouping(), Grouping(("district",))))
        earlier = measures.headline(tables[Grouping()], tables[Grouping(("district",))], cache.places_named(view.store, earlier_selection))
    asked = len([code for code in selection.district if code != schema.UNPLACED]) or 16
    people = words.people(now["participants"], now["qualifier"])
    stated = words.plural("stated for {n} event", "stated for {n} events", now["participants_events"])
    cells = [
        ("events", words("Events"), words.number(now["events"]), ""),
        ("activities", words("Activities"), words.number(now["activities"]), ""),
        ("districts", words("Districts reached"), words.number(now["districts"]), words("of {n}", n=asked)),
        ("places", words("Places named"), words.number(now["places"]), ""),
        ("participants", words("Participants"), people, stated),
    ]
    body = ""
    for name, title, value, more in cells:
        href = (
            context.events(selection.change(only=tuple(dict.fromkeys((*selection.only, "counted")))))
            if name == "participants"
            else context.events(selection)
        )
        change = _change(earlier, name, now, earlier_selection, words)
        body += f'<div data-figure="{name}"><span>{escape(title)}</span><b><a href="{escape(href)}">{escape(value)}</a> <small>{escape(more)}</small></b><span>{escape(change)}</span></div>'
    st.html(f'<div class="figures">{body}</div>')


def _change(earlier: dict | None, name: str, now: dict, selection, words: Words) -> str:
    if earlier is None:
        return words("set a span to see the change")
    span = span_phrase(selection.start, selection.end, words)
    before, after = earlier[name], now[name]
    if before is None or after is None:
        return words("not stated in {span}", span=span) if before is None else words("{n} in {span}", n=words.number(before), span=span)
    step = int(after) - int(before)
    sign = "+" if step > 0 else "−" if step < 0 else "±"
    return words("{change} against {span} ({n})", change=sign + words.number(abs(step)), span=span, n=words.number(before))


# ------------------------------------------------------------------ nothing found


def empty(view: View, total: pd.DataFrame) -> bool:
    """Where nothing is found: says which filter emptied the result and offers to clear it. True when it is empty."""
    if int(total["events"].iloc[0]):
        return False
    words, selection = view.words, view.context.selection
    groupings = tuple(Grouping((), frozenset({name})) for name in selection.active if name not in ("include", "undated"))
    tables = cache.measure(view.store, selection, groupings) if groupings else {}
    lines = []
    for grouping, table in tables.items():
        (name,) = grouping.ignoring
        found = int(table["events"].iloc[0])
        if found:
            text = words.plural(
                "Without “{filter}”: {n} event", "Without “{filter}”: {n} events", found, filter=phrase(selection, name, words)
            )
            lines.append(f'<li><a href="{escape(view.context.here(selection.without(name)))}">{escape(text)}</a></li>')
    reason = (
        words("These filters leave nothing together. Clearing one of them shows events again:")
        if lines
        else words("No single filter is the reason; several together leave nothing.")
    )
    clear = f'<p><a href="{escape(view.context.here(type(selection)()))}">{escape(words("Clear all filters"))}</a></p>'
    st.html(
        f'<div class="empty" role="status"><h2>{escape(words("No report found"))}</h2><p>{escape(reason)}</p><ul>{"".join(lines)}</ul>{clear}</div>'
    )
    return True


# ------------------------------------------------------------------ one district, one event


def district_links(view: View, table: pd.DataFrame, measure: str) -> None:
    """The districts as a table beside the map: a name chooses the district, a number opens its events."""
    words, context, selection = view.words, view.context, view.context.selection
    digits = DIGITS.get(measure, 0)
    rows = ""
    for row in table.itertuples():
        if row.district == schema.UNPLACED and not row.events:
            continue
        chosen = row.district in selection.district
        value = getattr(row, measure)
        shown = (
            words("no report found")
            if not row.events
            else words.people(value, row.qualifier)
            if measure == "participants"
            else words.number(value, digits)
        )
        last = "" if measure == "events" else f'<td class="number">{escape(shown)}</td>'
        rows += (
            f'<tr{" aria-selected=true" if chosen else ""}><td><a href="{escape(context.here(selection.toggled("district", row.district)))}">{"● " if chosen else ""}{escape(words.term("district", row.district))}</a></td>'
            f'<td class="number"><a href="{escape(context.drill(district=row.district))}">{escape(words.number(row.events) if row.events else shown if measure == "events" else "–")}</a></td>{last}</tr>'
        )
    head = "".join(
        f"<th scope=col>{escape(text)}</th>" for text in dict.fromkeys((words("District"), words("Events"), names(words)[measure]))
    )
    st.html(f'<div class="panel"><table class="districts"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>')


def district_panel(view: View, by_audience: pd.DataFrame, latest: int = 6) -> None:
    """About the chosen districts: residents, their latest events, audiences, subdistricts named in reports."""
    words, context, selection = view.words, view.context, view.context.selection
    rows = cache.event_rows(view.store, selection, 400)
    names = words.listing(words.term("district", code) for code in selection.district)
    facts = places.districts()
    residents = int(facts.loc[facts["adcode"].isin(selection.district), "residents_2020"].sum())
    items = "".join(
        f"<li>{_event_link(row, context)} <span>{escape(_when(row, words))}</span></li>" for row in rows.head(latest).itertuples()
    )
    audiences = by_audience.sort_values("events", ascending=False)
    served = "".join(
        f'<li><a href="{escape(context.drill(audience=row.audience))}">{escape(words.term("audience", row.audience))}: {words.number(row.events)}</a></li>'
        for row in audiences.head(6).itertuples()
        if row.events
    )
    units = rows.loc[rows["subdistrict_code"] != "", "subdistrict_code"].value_counts()
    named = "".join(
        f'<li><a href="{escape(context.drill(subdistrict=code))}">{escape(words.term("subdistrict", code))}: {words.number(n)}</a></li>'
        for code, n in units.items()
    )
    all_events = f'<p><a href="{escape(context.events(selection))}">{escape(words("All events of this selection"))}</a></p>'
    people = words("{n} residents (2020)", n=words.number(residents)) if residents else ""
    st.html(
        f'<div class="panel"><h3>{escape(names)}</h3><span>{escape(people)}</span><div class="columns"><div><h4>{escape(words("Latest events"))}</h4>'
        f"<ul>{items or '<li>' + escape(words('no report found')) + '</li>'}</ul>{all_events}</div><div><h4>{escape(words('Audiences'))}</h4><ul>{served}</ul></div>"
        f"<div><h4>{escape(words('Subdistricts named'))}</h4><ul>{named or '<li>' + escape(words('none named')) + '</li>'}</ul></div></div></div>"
    )


def title_of(row, words: Words) -> str:
    """The event's title in the viewer's language, the English one where there is no other."""
    return (row.title_zh if words.language == "zh" else row.title) or row.title or row.title_zh


def _event_link(row, context: Context) -> str:
    return f'<a href="{escape(context.link("events", event=row.event_id))}">{escape(title_of(row, context.words))}</a>'


def _when(row, words: Words) -> str:
    return words.when(row.date_start, row.date_end, row.date_precision)


def event_page(view: View, event_id: str) -> None:
    """One event with everything known: place, time, people, its report, how it was read, its activity's other places, its repeats."""
    words, context = view.words, view.context
    kin = measures.related(view.store, event_id)
    if kin["event"].empty:
        st.html(f'<div class="empty" role="status"><p>{escape(words("There is no event {id} in the data.", id=event_id[:40]))}</p></div>')
        return
    row = next(kin["event"].itertuples())
    several = {"audiences": "audience", "formats": "event-format", "topics": "topic", "countries": "country"}
    items: list[tuple[str, str]] = [
        (words("Time"), escape(_when(row, words)) + _precision(row, words)),
        (
            dimension_name("district", words),
            escape(words.term("district", row.district or schema.UNPLACED))
            + escape(words.aside(words.term("place-basis", row.place_basis))),
        ),
        (
            words("Place"),
            escape(
                " · ".join(
                    part
                    for part in (
                        words.term("subdistrict", row.subdistrict_code) if row.subdistrict_code else row.subdistrict,
                        row.community,
                        row.venue,
                    )
                    if part
                )
            ),
        ),
        (dimension_name("programme", words), escape(words.term("programme", row.programme))),
        (dimension_name("campaign", words), escape(row.campaign)),
        *(
            (
                dimension_name(name, words),
                escape(words.listing(words.term(name, code) for code in getattr(row, column).split(schema.SEPARATOR) if code)),
            )
            for column, name in several.items()
        ),
        (dimension_name("mode", words), escape(words.term("mode", row.mode))),
        (words("Participants"), escape(_people(row, words))),
        (words("Reach (online and on site)"), "" if pd.isna(row.reach) else escape(words.people(row.reach, row.participants_qualifier))),
        (dimension_name("partner", words), escape("; ".join(row.partners.split(schema.SEPARATOR)) if row.partners else "")),
        (dimension_name("office-role", words), escape(words.term("office-role", row.office_role))),
        (words("Status"), escape(words.term("status", row.status))),
        (words("Report"), _report(row, words)),
        (words("How it was read"), escape(row.note)),
        (words("Event id"), escape(f"{row.event_id} · {words('activity')} {row.activity_id}")),
    ]
    body = "".join(f"<dt>{escape(name)}</dt><dd>{text}</dd>" for name, text in items if text)
    lists = _kin_list(kin["places"], words("The activity's other places"), context) + _kin_list(
        kin["repeats"], words("Reports of the same event"), context
    )
    other = f'<p lang="{"en" if words.language == "zh" else "zh"}" style="opacity:.8;margin:0">{escape((row.title if words.language == "zh" else row.title_zh) or "")}</p>'
    back = f'<p><a href="{escape(context.link("events"))}">← {escape(words("Back to the list"))}</a></p>'
    st.html(f'<article class="panel">{back}<h3>{escape(title_of(row, words))}</h3>{other}<dl>{body}</dl>{lists}</article>')


def _precision(row, words: Words) -> str:
    return (
        ""
        if pd.isna(row.date_start) or row.date_precision == "day"
        else f"<small>{escape(words.aside(schema.DATE_PRECISION[row.date_precision][words.language == 'zh']))}</small>"
    )


def _people(row, words: Words) -> str:
    if pd.isna(row.participants):
        return words("not stated")
    qualifier = schema.QUALIFIER[row.participants_qualifier][words.language == "zh"]
    scope = words("for the whole activity, several places") if row.participants_scope == "activity" else ""
    return words.people(row.participants, row.participants_qualifier) + words.aside(" · ".join(part for part in (qualifier, scope) if part))


def _report(row, words: Words) -> str:
    title = escape(row.source_title or words("headline not seen"))
    safe = row.source_url.startswith(("https://", "http://"))
    linked = (
        f'<a href="{escape(row.source_url)}" target="_blank" rel="noopener noreferrer">{title}</a>'
        if safe
        else f"{title}<small>{escape(words.aside(words('no address known')))}</small>"
    )
    return f"{linked}<br><small>{escape(row.publisher)} · {escape(words.day(row.source_date) if pd.notna(row.source_date) else words('date not stated'))}</small>"


def _kin_list(rows: pd.DataFrame, title: str, context: Context) -> str:
    if rows.empty:
        return ""
    items = "".join(
        f"<li>{_event_link(row, context)} · {escape(context.words.term('district', row.district or schema.UNPLACED))} · {escape(_when(row, context.words))}</li>"
        for row in rows.itertuples()
    )
    return f"<h4>{escape(title)}</h4><ul>{items}</ul>"


# ------------------------------------------------------------------ the list of events

LIST_ROWS = 2_000


def event_list(view: View, total: int) -> None:
    """The selected events, sortable and searchable; choosing a row opens the event. Long lists show their latest rows."""
    words, context = view.words, view.context
    rows = cache.event_rows(view.store, context.selection, LIST_ROWS)
    table = _list_table(rows, words)
    exhibit = Exhibit(
        "events", words.plural("{n} event", "{n} events", total), {}, lambda: _export_table(rows, words), words.plural("List of {n} event.", "List of {n} events.", total),
        (Link(words("The latest {shown} of {total} are listed; filters narrow them.", shown=words.number(len(rows)), total=words.number(total))),) if total > len(rows) else (), ("event_id",), 0,
    )  # fmt: skip

    def whole() -> Exhibit:
        every = measures.event_rows(view.store, context.selection, MOST_EXPORTED)
        return Exhibit(exhibit.key, exhibit.title, {}, lambda: _export_table(every, words), exhibit.alt, exhibit.notes)

    card(view, exhibit, whole)
    state = st.session_state

    def chosen() -> None:
        picked = state["event-list"]["selection"]["cells"]
        if picked:
            state["_open"] = rows["event_id"].iloc[int(picked[0][0])]
        filters.touched()

    text, link = st.column_config.TextColumn, st.column_config.LinkColumn
    st.caption(words("Choose a cell to open its event; a report opens in a new tab."))
    st.dataframe(
        table, hide_index=True, key="event-list", on_select=chosen, selection_mode="single-cell", height=min(640, 42 + 35 * len(rows)), placeholder="",
        column_config={
            words("First day"): text(width=86), words("Title"): text(width=290), dimension_name("district", words): text(width=96), words("Place"): text(width=150),
            dimension_name("audience", words): text(width=150), words("Participants"): text(width=80), words("Report"): link(display_text=r"#(.*)$", width=190),
        },
    )  # fmt: skip


MOST_EXPORTED = 200_000


def _export_table(rows: pd.DataFrame, words: Words) -> pd.DataFrame:
    """The events as in the file, with the names of their districts."""
    named = rows.copy()
    named.insert(
        list(rows.columns).index("district") + 1,
        dimension_name("district", words),
        [words.term("district", code or schema.UNPLACED) for code in rows["district"]],
    )
    return named


def _list_table(rows: pd.DataFrame, words: Words) -> pd.DataFrame:
    def several(name: str, column: str) -> list[str]:
        return [words.listing(words.term(name, code) for code in cell.split(schema.SEPARATOR) if code) for cell in rows[column]]

    unit = pd.Series(
        [
            words.term("subdistrict", code) if code else name
            for code, name in zip(rows["subdistrict_code"], rows["subdistrict"], strict=True)
        ],
        index=rows.index,
        dtype="str",
    )
    place = unit.where(unit != "", rows["community"]).where(lambda cells: cells != "", rows["venue"])
    report = [
        f"{url}#{title or words('headline not seen')}" if url.startswith("http") else None
        for url, title in zip(rows["source_url"], rows["source_title"], strict=True)
    ]
    return pd.DataFrame(
        {
            words("First day"): [
                row.date_start.date().isoformat()[: 7 if row.date_precision == "month" else 10]
                if pd.notna(row.date_start)
                else words("no date")
                for row in rows.itertuples()
            ],
            words("Title"): [title_of(row, words) for row in rows.itertuples()],
            dimension_name("district", words): [words.term("district", code or schema.UNPLACED) for code in rows["district"]],
            words("Place"): place,
            dimension_name("audience", words): several("audience", "audiences"),
            words("Participants"): [words.people(n, q) for n, q in zip(rows["participants"], rows["participants_qualifier"], strict=True)],
            words("Report"): report,
            dimension_name("programme", words): [words.term("programme", code) for code in rows["programme"]],
            dimension_name("partner", words): rows["partners"],
            words("Id"): rows["event_id"],
        }
    )
