"""Writers of small documents as Korean offices send them, for tests and measurements: real bytes, made by hand, no file of anybody else's."""

from __future__ import annotations

from bench.documents.content import Content, Grid, Line, notice
from bench.documents.docx import docx
from bench.documents.hwp import hwp
from bench.documents.hwpx import hwpx
from bench.documents.pages import csv_rows, html
from bench.documents.pdf import pdf

__all__ = ["Content", "Grid", "Line", "csv_rows", "docx", "html", "hwp", "hwpx", "notice", "pdf"]
