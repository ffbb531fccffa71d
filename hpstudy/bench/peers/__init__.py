"""Who races: each peer is a module that trains a job's configurations in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec

from hpstudy.errors import HpstudyError, MissingPackage
from hpstudy.spec.problems import nearest

_PIP = {"keras_tuner": "keras-tuner"}
COLD, WARM = "hpstudy-cold", "hpstudy-warm"


@dataclass(frozen=True)
class Peer:
    """One way to run the trials."""

    name: str
    doc: str
    module: str
    backend: str
    needs: tuple[str, ...]
    options: Mapping[str, int] = field(default_factory=dict)

    @property
    def own(self) -> bool:
        """Whether it is hpstudy itself."""
        return self.name in (COLD, WARM)

    @property
    def missing(self) -> str | None:
        """The command that installs what it needs, or None where all is there."""
        absent = [name for name in self.needs if find_spec(name) is None]
        return f"pip install {' '.join(_PIP.get(n, n) for n in absent)}" if absent else None


_TUNER, _OPTUNA = "hpstudy.bench.peers.tuner", "hpstudy.bench.peers.loop"
_OWN = "hpstudy.bench.peers.own"
PEERS: dict[str, Peer] = {
    peer.name: peer
    for peer in (
        Peer(
            "keras_tuner-tensorflow",
            "Keras Tuner's RandomSearch on TensorFlow, its default",
            _TUNER,
            "tensorflow",
            # Keras Tuner imports tensorboard on this backend, and TensorFlow does not install it
            ("keras_tuner", "tensorflow", "tensorboard"),
        ),
        Peer(
            "keras_tuner-jax",
            "Keras Tuner's RandomSearch on JAX",
            _TUNER,
            "jax",
            ("keras_tuner", "jax"),
        ),
        Peer("optuna-jax", "Optuna around model.fit on JAX", _OPTUNA, "jax", ("optuna", "jax")),
        Peer(
            "optuna-jax-steps",
            "the same with steps_per_execution=32",
            _OPTUNA,
            "jax",
            ("optuna", "jax"),
            {"steps_per_execution": 32},
        ),
        Peer(COLD, "hpstudy, its compilation cache empty", _OWN, "jax", ("optuna", "jax")),
        Peer(WARM, "hpstudy, its cache filled by the run before", _OWN, "jax", ("optuna", "jax")),
    )
}


def chosen(names: Sequence[str] | None) -> tuple[list[Peer], list[str]]:
    """The peers that race, in the order of the registry, and what to say of those left out.

    Raises MissingPackage for a peer that was asked for by name and cannot run.
    """
    for name in names or ():
        if name not in PEERS:
            raise HpstudyError(f"unknown peer `{name}`; {nearest(name, list(PEERS))}")
    wanted = set(names or PEERS)
    if WARM in wanted:
        # a warm run loads what the cold run before it compiled
        wanted.add(COLD)
    found, notes = [], []
    for peer in (peer for name, peer in PEERS.items() if name in wanted):
        if peer.missing is None:
            found.append(peer)
        elif names:
            raise MissingPackage(f"{peer.name} cannot run: {peer.missing}")
        else:
            notes.append(f"{peer.name} is left out; to have it: {peer.missing}")
    return found, notes
