"""The contrasts of a study: which arms are compared with which."""

from __future__ import annotations

from hpstudy.spec.problems import Problems
from hpstudy.spec.yaml import Node


def contrasts(
    node: Node | None, arms: tuple[str, ...], problems: Problems
) -> tuple[tuple[str, str], ...]:
    """Pairs of arms; by default each arm against the first."""
    if node is None:
        return tuple((arm, arms[0]) for arm in arms[1:])
    if not isinstance(node.content, tuple):
        problems.add(node, f"contrasts is a list of pairs, [[a, b], ...]; saw {node.seen}")
        return ()
    if len(node.content) == 2 and all(one.text for one in node.content):
        say = f"contrasts is a list of pairs; write [{node.seen.removeprefix('the list ')}]"
        problems.add(node, f"{say}; saw {node.seen}")
        return ()
    found: list[tuple[str, str]] = []
    for pair in node.content:
        items = pair.content if isinstance(pair.content, tuple) else ()
        if len(items) != 2 or items[0].text == items[1].text:
            problems.add(
                pair, f"a contrast is a pair of two different arms, [a, b]; saw {pair.seen}"
            )
            continue
        for item in items:
            if arms and item.text not in arms:
                problems.unknown(item, "arm in contrasts", item.text, arms)
        one = (items[0].text, items[1].text)
        if one in found:
            problems.add(pair, f"the contrast {pair.seen} is listed twice; keep one")
        found.append(one)
    return tuple(found)
