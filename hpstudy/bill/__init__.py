"""What a study asks for before it runs: networks, runs, time, and what it could detect."""

from __future__ import annotations

from hpstudy.bill.cost import Bill, bill, seconds
from hpstudy.bill.networks import networks
from hpstudy.bill.power import Power, power
from hpstudy.bill.typical import typical
from hpstudy.bill.words import summary, validation

__all__ = [
    "Bill",
    "Power",
    "bill",
    "networks",
    "power",
    "seconds",
    "summary",
    "typical",
    "validation",
]
