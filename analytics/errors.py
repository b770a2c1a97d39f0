"""One family of errors. Every message says what is wrong, where, and ends with its remedy."""

from __future__ import annotations

from dataclasses import dataclass


def N_(message: str) -> str:  # noqa: N802 - the customary name of the marker
    """Mark a message for the catalogue; it is put into the viewer's language where it is shown."""
    return message


class OutreachError(ValueError):
    """Parent of every error this project raises on purpose.

    `message` is the English sentence with `{places}` for `values`, so that it can be shown in either language.
    """

    def __init__(self, message: str, **values: object) -> None:
        self.message, self.values = message, values
        super().__init__(message.format(**values) if values else message)


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a table: where it stands, what was read there, how to mend it.

    `row` counts as a spreadsheet does: the header is row 1, the first event row 2; 0 means the file as a whole.
    `detail` fills the `{detail}` of the remedy.
    """

    row: int
    column: str
    value: str
    problem: str
    remedy: str
    detail: str = ""

    def __str__(self) -> str:
        where = f"row {self.row}" if self.row else "file"
        column = f", column {self.column}" if self.column else ""
        value = f", value {self.value!r}" if self.value else ""
        return f"{where}{column}{value}: {self.problem}. {self.remedy.format(detail=self.detail)}"


class DataFaults(OutreachError):
    """A dataset that was refused as a whole, with all of its faults."""

    def __init__(self, path: str, faults: list[Fault]) -> None:
        self.path, self.faults = path, faults
        lines = "\n".join(f"  {fault}" for fault in faults)
        noun = "fault" if len(faults) == 1 else "faults"
        super().__init__(
            f"{path}: {len(faults)} {noun}, nothing was taken over.\n{lines}\nMend the cells named above and load the file again."
        )
