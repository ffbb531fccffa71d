"""Numbers as people write them elsewhere, such as 20%, 1,000 or 10^-3, and as YAML has them."""

from __future__ import annotations

import math
import re

from hpstudy.spec.yaml import Node, number

_PLAIN = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_PERCENT = re.compile(rf"({_PLAIN})\s*%$")
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(?:[, ']\d{3})+$")
_COMMA = re.compile(r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?$")
_POWER = re.compile(r"10(?:\^|\*\*)([-+]?\d+)$")
_FRACTION = re.compile(rf"({_PLAIN})\s*/\s*({_PLAIN})$")
_SCALED = re.compile(rf"({_PLAIN})\s*([kKM])$")
_SCALES = {"k": 1e3, "K": 1e3, "M": 1e6}


def hint(node: Node) -> str:
    """'; write 0.2' beside a word that may be a number; nothing beside any other."""
    text = node.text
    if not isinstance(node.content, str):
        return ""
    if number(text) is not None:
        return f"; take the quotes off: {text}"
    if "#" in text:
        return "; a comment needs a space before its #"
    meant = [one for one in (_meant(text), _decimal(text)) if one and math.isfinite(float(one))]
    return f"; write {', or '.join(dict.fromkeys(meant))}" if meant else ""


def _meant(text: str) -> str:
    if found := _PERCENT.match(text):
        return f"{float(found[1]) / 100:g}"
    if _THOUSANDS.match(text):
        return re.sub(r"[, ']", "", text)
    if found := _POWER.match(text):
        return f"1e{int(found[1])}"
    if (found := _FRACTION.match(text)) and float(found[2]):
        return f"{float(found[1]) / float(found[2]):.6g}"
    if found := _SCALED.match(text):
        return f"{float(found[1]) * _SCALES[found[2]]:.15g}"
    return ""


def _decimal(text: str) -> str:
    return text.replace(",", ".") if _COMMA.match(text) else ""
