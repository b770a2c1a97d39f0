"""The speed table: `python -m benchmarks [--sizes 10000,1000000,10000000]`. Every row is a ratio within this run.

Times are medians; absolute ones say as much about the machine as about the dashboard.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import date

from sqlalchemy import create_engine, event

from analytics import briefing, coverage, cube, measures, places, store
from analytics.coverage import Evidence
from analytics.exhibit import recipe
from analytics.export import files
from analytics.measures import Grouping, own
from analytics.selection import Selection
from analytics.text import Words
from benchmarks import screen, synthetic

FILTERED = Selection(
    district=("110101", "110102", "110105", "110108"), audience=("enterprises", "students", "media"), start=date(2022, 1, 1), end=date(2024, 12, 31)
)  # fmt: skip
OVERVIEW = [Grouping(), Grouping(("district",)), own("district"), own("audience"), Grouping(("month",)), own("programme")]
KEYS = "district, audiences, month, programme"
SETS = "GROUP BY GROUPING SETS ((), (district), (audiences), (month), (programme))"
SIMPLE = "count(*), sum(participants), count(participants), max(date_start)"
SAME = f"{SIMPLE}, count(DISTINCT activity_no), count(DISTINCT place_no), sum(people), count(people), max(weakness)"


def median(question: Callable[[], object], runs: int = 5) -> float:
    """Median seconds of several runs after one that is not counted."""
    question()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        question()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def overview(data: store.Store, selection: Selection) -> None:
    """Everything the Overview asks the store for, with nothing remembered from before but the cells."""
    cube.forget()
    measures.measure(data, selection, OVERVIEW)
    measures.left_out(data, selection)
    measures.places_named(data, selection)
    earlier = measures.before(selection)
    if earlier:
        measures.measure(data, earlier, OVERVIEW[:2])
        measures.places_named(data, earlier)


def bare(data: store.Store, selection: Selection, figures: str) -> Callable[[], object]:
    """One GROUPING SETS query by hand over the rows that the Overview's charts need, through DuckDB alone."""
    where = ["status = 'held'", "NOT repeats"]
    if selection.active:
        wanted = [c for c, values in data.combinations["audiences"].items() if set(values).intersection(selection.audience)]
        district = f"district IN ({', '.join(repr(code) for code in selection.district)})"
        audience = f"audiences IN ({', '.join(repr(combination) for combination in wanted)})"
        where += [f"({district} OR {audience})", f"date_start BETWEEN '{selection.start}' AND '{selection.end}'"]
    query = f"SELECT GROUPING({KEYS}), {KEYS}, {figures} FROM events WHERE {' AND '.join(where)} {SETS}"
    connection = data.engine.raw_connection().driver_connection
    return lambda: connection.execute(query).fetchall()


def coverage_page(data: store.Store, selection: Selection) -> None:
    """Everything the coverage page asks the store for, with nothing remembered from before but the cells."""
    cube.forget()
    evidence = Evidence(data, selection, data.latest, lambda *asked: measures.measure(*asked[:2], list(asked[2])))
    window = coverage.look_back(selection, data.latest, 24)
    for name in ("districts_reached", "subdistricts_reached", "communities_reached", "audiences_served"):
        coverage.NUMERATORS[coverage.INDICATORS[name].numerator](evidence, places.BEIJING)
    coverage.indicator_table(evidence, coverage.INDICATORS["events_per_100k"])
    coverage.gaps(evidence, window)


COVERAGE_KEYS = "district, place_basis, audiences, subdistrict_code, community"
COVERAGE_SETS = (
    "GROUP BY GROUPING SETS ((district, place_basis), (district, place_basis, audiences), (district, place_basis, subdistrict_code), "
    "(district, place_basis, community), (district), (district, audiences))"
)


def bare_coverage(data: store.Store) -> Callable[[], object]:
    """One GROUPING SETS query by hand for what the coverage page shows without filters, through DuckDB alone."""
    start, end = (window := coverage.look_back(Selection(), data.latest, 24)).start, window.end
    inside = f"count(*) FILTER (date_start BETWEEN '{start}' AND '{end}')"
    undated = f"count(*) FILTER (date_start IS NULL AND (source_date IS NULL OR source_date >= '{start}'))"
    figures = f"count(*), sum(people), count(people), max(weakness), max(date_start), {inside}, {undated}"
    query = (
        f"SELECT GROUPING({COVERAGE_KEYS}), {COVERAGE_KEYS}, {figures} FROM events WHERE status = 'held' AND NOT repeats {COVERAGE_SETS}"
    )
    connection = data.engine.raw_connection().driver_connection
    return lambda: connection.execute(query).fetchall()


def ten_items() -> briefing.Briefing:
    """A briefing of ten: the monthly outline, and three charts more."""
    made = briefing.outlined("monthly", Selection(), Words("zh"))
    for each in (recipe("over-time", period="year"), recipe("bars", by="topic", most=15), recipe("lorenz")):
        made = made.add(each, Selection())
    return made


def slides(data: store.Store, made: briefing.Briefing) -> tuple[float, float]:
    """Median seconds of composing and writing the slides after the first time; seconds that its queries alone take."""
    spent = []

    @event.listens_for(data.engine, "before_cursor_execute")
    def begun(connection, *_: object) -> None:
        connection.info["begun"] = time.perf_counter()

    @event.listens_for(data.engine, "after_cursor_execute")
    def done(connection, *_: object) -> None:
        spent.append(time.perf_counter() - connection.info["begun"])

    files.make(made, data, "pptx")
    times, queries = [], []
    for _ in range(3):
        spent.clear()
        start = time.perf_counter()
        files.make(made, data, "pptx")
        times.append(time.perf_counter() - start)
        queries.append(sum(spent))
    return statistics.median(times), statistics.median(queries)


def opened(rows: int) -> store.Store:
    """The synthetic store of this size."""
    return store.read_store(create_engine(f"duckdb:///{synthetic.file(rows)}", connect_args={"read_only": True}))


def queries(rows: int) -> None:
    """Print the rows about queries for one size."""
    data = opened(rows)
    for name, selection in (("no filter", Selection()), ("4 districts, 3 audiences, 3 years", FILTERED)):
        ours = median(lambda: overview(data, selection))  # noqa: B023
        for against, figures in (("the same figures", SAME), ("counts and sums only", SIMPLE)):
            base = median(bare(data, selection, figures))
            line(
                f"all numbers of the Overview, {name}",
                f"{rows:,}",
                f"one bare GROUPING SETS query, {against}",
                ours,
                base,
                "≤ 1.5, plus 10 ms" if figures == SAME else "",
            )
    ours, base = median(lambda: coverage_page(data, Selection())), median(bare_coverage(data))
    line(
        "all numbers of Coverage, no filter", f"{rows:,}", "one bare GROUPING SETS query, the same figures", ours, base, "≤ 1.5, plus 10 ms"
    )
    data.engine.dispose()


def line(what: str, size: str, against: str, ours: float, base: float, bound: str) -> None:
    """One row of the table."""
    print(f"| {what} | {size} | {against} | {ours * 1000:,.0f} ms | {base * 1000:,.0f} ms | {ours / base:.2f} | {bound} |", flush=True)


def main() -> None:
    """Print the whole table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", default="10000,1000000,10000000", help="numbers of events, comma-separated")
    sizes = [int(float(size)) for size in parser.parse_args().sizes.split(",")]
    for rows in sizes:
        synthetic.file(rows)
    print("| what | events | against | ours | theirs | ratio | bound |\n|---|---|---|---|---|---|---|")
    for rows in sizes:
        queries(rows)
    clicks = {}
    for rows in sizes:
        clicks[rows] = screen.click(rows)
        line(
            "click on a filter to every chart redrawn",
            f"{rows:,}",
            "a page of the same figures by st.plotly_chart",
            clicks[rows].ours,
            clicks[rows].plain,
            "≤ 1.0 at 1,000,000",
        )
    line(
        "click on a filter to every chart redrawn",
        f"{sizes[-1]:,}",
        f"itself at {sizes[0]:,} events",
        clicks[sizes[-1]].ours,
        clicks[sizes[0]].ours,
        "≤ 2",
    )
    ours, base = slides(store.open_store(url="", path=store.BUNDLED), ten_items())
    line("slides of 10 items (PPTX), after the first", "129", "the sum of their queries", ours, base, "≤ 2 s")
    data = opened(sizes[-1])
    ours, base = slides(data, ten_items())
    line("slides of 10 items (PPTX), after the first", f"{sizes[-1]:,}", "the sum of their queries", ours, base, "≤ 1.5, plus 2 s")
    data.engine.dispose()
    covered = {rows: screen.coverage_click(rows) for rows in (sizes[0], sizes[-1])}
    what = "click on a filter to every chart of Coverage redrawn"
    line(what, f"{sizes[-1]:,}", f"itself at {sizes[0]:,} events", covered[sizes[-1]], covered[sizes[0]], "≤ 2")
    for rows in sizes:
        cold = screen.cold_start(rows)
        print(f"| cold start of the server to a usable first page | {rows:,} | – | {cold.seconds:.1f} s | – | – | – |")
        print(
            f"| peak memory of the server, after every page | {rows:,} | 1.5 GiB | {cold.gibibytes:.2f} GiB | 1.50 GiB | {cold.gibibytes / 1.5:.2f} | ≤ 1 |",
            flush=True,
        )


if __name__ == "__main__":
    main()
