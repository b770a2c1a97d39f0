"""Every sentence the code can say, read from its source: f-strings included, which catalogue tools pass over."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
SINGLE = {"words", "self", "N_"}


def messages() -> dict[str, str | None]:
    """English sentence → its plural form (None where it has none)."""
    found: dict[str, str | None] = {}
    for folder in ("analytics", "ui", "pages"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call):
                    texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
                    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                    if name in SINGLE and texts and isinstance(node.args[0], ast.Constant):
                        found.setdefault(texts[0], None)
                    elif name in ("plural", "counted") and len(texts) >= 2:
                        found[texts[0]] = texts[1]
    return found
