"""Reports: `write(folder)` turns a study's store into one HTML file and its CSV files."""

from __future__ import annotations

from hpstudy.report.html import SECTIONS, write

__all__ = ["SECTIONS", "write"]
