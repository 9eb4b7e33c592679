"""APOC's ``.cl`` files: read into arrays by a strict grammar, never compiled, and written."""

from brushwood.io.cl.header import ClHeader
from brushwood.io.cl.model import ClModel
from brushwood.io.cl.read import parse_cl, read_cl
from brushwood.io.cl.write import format_cl, write_cl

__all__ = ["ClHeader", "ClModel", "format_cl", "parse_cl", "read_cl", "write_cl"]
