"""The events table: its columns, and the vocabularies its cells may use, with their labels in both languages.

A term is written in the data, in the address and on the command line exactly as it stands here; labels are for people.
The order of a vocabulary is the order of rows, bars and legend entries everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

UNPLACED = "unplaced"
"""The district of an event whose report names none, in the address, on the command line and in tables."""

UNDATED = "undated"
"""The month, quarter or year of an event without a date."""

Labels = dict[str, tuple[str, str]]

PROGRAMME: Labels = {
    "consular protection": ("Consular protection", "领事保护"),
    "international exchange": ("International exchange", "国际交往"),
    "culture & education": ("Culture & education", "文化教育"),
    "international services": ("International services", "国际服务"),
    "economic cooperation": ("Economic cooperation", "经贸合作"),
    "training & administration": ("Training & administration", "培训与行政"),
}
AUDIENCE: Labels = {
    "enterprises": ("Enterprises", "企业"),
    "communities": ("Communities", "社区"),
    "students": ("Students", "学生"),
    "schools": ("Schools", "学校"),
    "parents": ("Parents", "家长"),
    "general public": ("General public", "公众"),
    "foreign residents": ("Foreign residents", "外籍居民"),
    "foreign delegations": ("Foreign delegations", "外国代表团"),
    "media": ("Media", "媒体"),
    "officials": ("Officials", "公务人员"),
    "other": ("Other audiences", "其他对象"),
}
FORMAT: Labels = {
    "lecture": ("Lecture", "讲座"),
    "training": ("Training", "培训"),
    "hands-on demonstration": ("Hands-on demonstration", "实操演示"),
    "online session": ("Online session", "线上活动"),
    "leaflets": ("Leaflets", "发放资料"),
    "exhibition": ("Exhibition", "展览"),
    "quiz/game": ("Quiz or game", "问答与游戏"),
    "competition": ("Competition", "竞赛"),
    "cultural activity": ("Cultural activity", "文化活动"),
    "visit": ("Visit", "参访"),
    "seminar": ("Seminar", "研讨会"),
    "meeting": ("Meeting", "会议"),
    "other": ("Other formats", "其他形式"),
}
TOPIC: Labels = {
    "overseas safety": ("Overseas safety", "海外安全"),
    "consular knowledge": ("Consular knowledge", "领事知识"),
    "emergency response": ("Emergency response", "应急处置"),
    "12308 hotline": ("12308 hotline", "12308 热线"),
    "travel": ("Travel", "出境旅行"),
    "study abroad": ("Study abroad", "出国留学"),
    "fraud prevention": ("Fraud prevention", "防范诈骗"),
    "legal risk": ("Legal risk", "法律风险"),
    "pandemic & health": ("Pandemic & health", "疫情与健康"),
    "mental health": ("Mental health", "心理健康"),
    "cross-cultural adaptation": ("Cross-cultural adaptation", "跨文化适应"),
    "heritage & culture": ("Heritage & culture", "文化遗产"),
    "friendship & people-to-people": ("Friendship & people-to-people", "民间友好"),
    "education exchange": ("Education exchange", "教育交流"),
    "sports": ("Sports", "体育"),
    "language environment": ("Language environment", "外语环境"),
    "city image": ("City image", "城市形象"),
    "business cooperation": ("Business cooperation", "商务合作"),
    "science & technology": ("Science & technology", "科技"),
    "medical cooperation": ("Medical cooperation", "医药合作"),
    "green development": ("Green development", "绿色发展"),
    "rural revitalisation": ("Rural revitalisation", "乡村振兴"),
    "consumption": ("Consumption", "消费"),
    "payment & visitor services": ("Payment & visitor services", "支付与来访服务"),
    "grassroots governance": ("Grassroots governance", "基层治理"),
    "foreign-affairs planning": ("Foreign-affairs planning", "外事工作部署"),
}
MODE: Labels = {
    "in-person": ("In person", "现场"),
    "online": ("Online", "线上"),
    "hybrid": ("Hybrid", "线上线下结合"),
    "unknown": ("Mode not stated", "方式未说明"),
}
PLACE_BASIS: Labels = {
    "stated": ("District stated", "报道写明"),
    "organiser": ("From the organiser", "据主办单位"),
    "venue": ("From the venue's name", "据场所名称"),
    "inferred": ("Inferred from the venue", "据场所推断"),
    "none": ("No district", "未写明地点"),
}
QUALIFIER: Labels = {
    "exact": ("exact", "确数"),
    "about": ("about", "约数"),
    "at least": ("at least", "下限"),
}
STATUS: Labels = {
    "held": ("Held", "已举办"),
    "planned": ("Planned", "计划中"),
    "cancelled": ("Cancelled", "已取消"),
}
DATE_PRECISION: Labels = {
    "day": ("Day", "具体日期"),
    "range": ("Range of days", "日期区间"),
    "month": ("Month only", "仅知月份"),
    "unknown": ("No date", "无日期"),
}
SCOPE: Labels = {
    "event": ("this event", "本场"),
    "activity": ("the whole activity, several places", "整个活动（多个地点）"),
}
OFFICE_ROLE: Labels = {
    "municipal lead": ("Municipal office leads", "市外办主办"),
    "municipal co-host": ("Municipal office co-hosts", "市外办合办"),
    "municipal series": ("Part of a municipal series", "市级系列活动"),
    "municipal": ("Municipal", "市级"),
    "municipal attended": ("Municipal office attended", "市外办出席"),
    "municipal (as visitor)": ("Municipal office as visitor", "市外办来访"),
    "municipal + district": ("Municipal and district offices", "市区两级外办"),
    "district": ("District office", "区外办"),
    "not stated": ("Role not stated", "未说明"),
}


@dataclass(frozen=True)
class Column:
    """One column of the events file: what kind of cell it has, its vocabulary, and whether it may hold several values."""

    name: str
    kind: str = "text"
    terms: tuple[str, ...] = ()
    several: bool = False
    required: bool = False


EVENT_COLUMNS: tuple[Column, ...] = (
    Column("event_id", required=True),
    Column("activity_id", required=True),
    Column("status", terms=tuple(STATUS), required=True),
    Column("title", required=True),
    Column("title_zh"),
    Column("date_start", "date"),
    Column("date_end", "date"),
    Column("date_precision", terms=tuple(DATE_PRECISION), required=True),
    Column("programme", terms=tuple(PROGRAMME), required=True),
    Column("campaign", several=True),
    Column("district", "district"),
    Column("place_basis", terms=tuple(PLACE_BASIS), required=True),
    Column("subdistrict_code", "subdistrict"),
    Column("subdistrict"),
    Column("community"),
    Column("venue"),
    Column("audiences", terms=tuple(AUDIENCE), several=True, required=True),
    Column("formats", terms=tuple(FORMAT), several=True, required=True),
    Column("topics", terms=tuple(TOPIC), several=True),
    Column("mode", terms=tuple(MODE), required=True),
    Column("participants", "count"),
    Column("participants_qualifier", terms=tuple(QUALIFIER)),
    Column("participants_scope", terms=tuple(SCOPE)),
    Column("reach", "count"),
    Column("partners", several=True),
    Column("countries", "country", several=True),
    Column("source_title"),
    Column("source_url", "url"),
    Column("source_date", "date"),
    Column("publisher"),
    Column("office_role", terms=tuple(OFFICE_ROLE), required=True),
    Column("duplicate_of", "event"),
    Column("note"),
)
COLUMN_NAMES: tuple[str, ...] = tuple(column.name for column in EVENT_COLUMNS)

SEPARATOR = "; "
"""Between the values of one cell, in the file and in the store."""

VOCABULARIES: dict[str, Labels] = {
    "programme": PROGRAMME,
    "audience": AUDIENCE,
    "event-format": FORMAT,
    "topic": TOPIC,
    "mode": MODE,
    "place-basis": PLACE_BASIS,
    "office-role": OFFICE_ROLE,
    "status": STATUS,
    "qualifier": QUALIFIER,
    "date-precision": DATE_PRECISION,
    "scope": SCOPE,
}


@dataclass(frozen=True)
class Dimension:
    """Something events can be grouped by: its name in the address, its column in the store, its terms in order.

    `terms` is empty where the values are open (campaigns, partners, countries) or follow the calendar.
    """

    name: str
    column: str
    terms: tuple[str, ...] = ()
    several: bool = False


DIMENSIONS: dict[str, Dimension] = {
    dimension.name: dimension
    for dimension in (
        Dimension("district", "district"),
        Dimension("subdistrict", "subdistrict_code"),
        Dimension("audience", "audiences", tuple(AUDIENCE), several=True),
        Dimension("programme", "programme", tuple(PROGRAMME)),
        Dimension("campaign", "campaign", several=True),
        Dimension("event-format", "formats", tuple(FORMAT), several=True),
        Dimension("topic", "topics", tuple(TOPIC), several=True),
        Dimension("mode", "mode", tuple(MODE)),
        Dimension("place-basis", "place_basis", tuple(PLACE_BASIS)),
        Dimension("office-role", "office_role", tuple(OFFICE_ROLE)),
        Dimension("status", "status", tuple(STATUS)),
        Dimension("partner", "partners", several=True),
        Dimension("country", "countries", several=True),
        Dimension("month", "month"),
        Dimension("quarter", "quarter"),
        Dimension("year", "year"),
        Dimension("day", "day"),
    )
}

PLACE_DIMENSIONS = frozenset({"district", "subdistrict", "place-basis"})
"""Groupings that tell the places of one activity apart."""

CALENDAR = frozenset({"day", "month", "quarter", "year"})


def keys(name: str, cell: str) -> list[str]:
    """The keys that one cell of a dimension counts under: several values taken apart, absent districts and dates under their own code."""
    if DIMENSIONS[name].several:
        return cell.split(SEPARATOR)
    return [cell or {"district": UNPLACED}.get(name, UNDATED if name in CALENDAR else "")]
