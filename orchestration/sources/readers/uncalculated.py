"""Formulas without a result: a program that writes a workbook needn't calculate, and readers then find nothing there.

The formula itself is told by the sheet's XML alone. A text formula that gives "" has a result, an empty one.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from xml.etree import ElementTree

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
# One of these stands in a sheet that has such a formula, and looking for them costs next to nothing.
_SIGNS = (b"</f></c>", b"</f><v></v></c>", b"</f><v/></c>", b"</f><v /></c>")
_WITHOUT_RESULT = re.compile(
    rb"""<c\s(?![^>]*\bt="str")[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"[^>]*>
    <f\b[^>]*>[^<]*</f>(?:<v\s*/>|<v></v>)?</c>""",
    re.VERBOSE,
)


def uncalculated_cells(data: bytes, sheet: int | str) -> list[tuple[int, int]]:
    """Row and column, from 0 for A1, of a sheet's formulas without a result. `sheet`: its place from 0, or its name.

    None of a workbook of another build than the standard's: what can't be looked into is left to the reader's own look.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            xml = archive.read(_part(archive, sheet))
    except (zipfile.BadZipFile, KeyError, IndexError, ElementTree.ParseError, NotImplementedError, OSError):
        return []
    if not any(sign in xml for sign in _SIGNS):
        return []
    return [(int(row) - 1, _number(letters)) for letters, row in _WITHOUT_RESULT.findall(xml)]


def _part(archive: zipfile.ZipFile, sheet: int | str) -> str:
    """The name in the archive of a sheet's XML. Raises KeyError or IndexError where there is no such sheet."""
    sheets = ElementTree.fromstring(archive.read("xl/workbook.xml")).findall(f"{_MAIN}sheets/{_MAIN}sheet")
    by_name = {found.get("name"): found for found in sheets}
    relation = (sheets[sheet] if isinstance(sheet, int) else by_name[sheet]).get(_RELATION)
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {found.get("Id"): found.get("Target") or "" for found in relations}
    return posixpath.join("xl", targets[relation]).lstrip("/")


def _number(letters: bytes) -> int:
    """A column's place from 0: A is 0, AA is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1
