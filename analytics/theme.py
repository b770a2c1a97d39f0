"""Colours by role, named once. Figures carry role names (`@bar`); they become colours when drawn, light, dark or in print.

The categories were chosen so that the two closest stay apart (CIELAB distance above 20) for full, protanope, deuteranope and
tritanope vision; a test holds them to it. The classes of a map run over one hue, so that they keep their order for every
kind of colour vision and in grey.
"""

from __future__ import annotations

LIGHT: dict[str, str] = {
    "@paper": "#ffffff",
    "@text": "#23313f",
    "@muted": "#5b6875",
    "@grid": "#e3e7eb",
    "@bar": "#1f6fb2",
    "@dim": "#b9cfe3",
    "@chosen": "#b3420a",
    "@none": "#e9e6e1",
    "@unclear": "#f3e2c3",
    "@shade": "rgba(31,111,178,0.14)",
    "@outline": "#ffffff",
    "@circle": "rgba(31,111,178,0.72)",
    "@land": "#eceff2",
    "@seq0": "#d3e4f3",
    "@seq1": "#9fc6e3",
    "@seq2": "#5b9fd0",
    "@seq3": "#2670b2",
    "@seq4": "#0b4487",
    "@seq5": "#062a58",
    "@seq6": "#031a38",
    "@on0": "#23313f",
    "@on1": "#23313f",
    "@on2": "#0d1b28",
    "@on3": "#ffffff",
    "@on4": "#ffffff",
    "@on5": "#ffffff",
    "@on6": "#ffffff",
    "@less1": "#a8470c",
    "@less0": "#f0b183",
    "@same": "#f1efe9",
    "@more0": "#9fc6e3",
    "@more1": "#1c5f9e",
    "@ondeep": "#ffffff",
    "@cat0": "#0072b2",
    "@cat1": "#ee7733",
    "@cat2": "#003b36",
    "@cat3": "#33bbee",
    "@cat4": "#7a2e0e",
    "@cat5": "#f2a88a",
    "@cat6": "#9aa3ab",
}

DARK: dict[str, str] = LIGHT | {
    "@paper": "#171614",
    "@text": "#e9edf1",
    "@muted": "#a9b3bd",
    "@grid": "#34393e",
    "@bar": "#5aa9e6",
    "@dim": "#2d4a63",
    "@chosen": "#ff9d5c",
    "@none": "#35332f",
    "@unclear": "#574522",
    "@shade": "rgba(90,169,230,0.2)",
    "@outline": "#171614",
    "@circle": "rgba(90,169,230,0.75)",
    "@land": "#2b2e31",
    "@seq0": "#12355c",
    "@seq1": "#1c5488",
    "@seq2": "#2a76b1",
    "@seq3": "#5ba5db",
    "@seq4": "#9acbf0",
    "@seq5": "#c9e5fa",
    "@seq6": "#eaf5fd",
    "@on0": "#e9edf1",
    "@on1": "#ffffff",
    "@on2": "#ffffff",
    "@on3": "#0d1b28",
    "@on4": "#0d1b28",
    "@on5": "#0d1b28",
    "@on6": "#0d1b28",
    "@less1": "#f29a5c",
    "@less0": "#7d4a24",
    "@same": "#3a3936",
    "@more0": "#1f5a8a",
    "@more1": "#7bbcec",
    "@ondeep": "#0d1b28",
    "@cat0": "#0077bb",
    "@cat1": "#ccbb44",
    "@cat2": "#c7ccd1",
    "@cat3": "#33bbee",
    "@cat4": "#6e5a00",
    "@cat5": "#f2a88a",
    "@cat6": "#7d868e",
}

CATEGORIES = tuple(f"@cat{number}" for number in range(7))
CLASSES = tuple(f"@seq{number}" for number in range(7))
DIVERGING = ("@less1", "@less0", "@same", "@more0", "@more1")
"""Below, about, above a middle: orange to blue, two steps each way."""
ON: dict[str, str] = {
    **dict(zip(CLASSES, (f"@on{number}" for number in range(7)), strict=True)),
    **dict(zip(DIVERGING, ("@ondeep", "@text", "@text", "@text", "@ondeep"), strict=True)),
}
"""The text colour that can be read on each class."""


def class_colours(count: int) -> tuple[str, ...]:
    """Roles for `count` ordered classes, spread over the scale."""
    spread = {1: (2,), 2: (1, 3), 3: (0, 2, 4), 4: (0, 1, 3, 4), 5: (0, 1, 2, 3, 4), 6: (0, 1, 2, 3, 4, 5)}.get(count, range(7))
    return tuple(CLASSES[number] for number in spread)[:count]


def resolve(figure: object, palette: dict[str, str]) -> object:
    """A copy of a figure in which every role name is its colour."""
    if isinstance(figure, dict):
        return {name: resolve(value, palette) for name, value in figure.items()}
    if isinstance(figure, (list, tuple)):
        return [resolve(value, palette) for value in figure]
    return palette.get(figure, figure) if isinstance(figure, str) else figure
