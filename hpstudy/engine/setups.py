"""What a run's settings build: a network's variables, and the traceable model behind them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hpstudy.engine.declared import Blueprints, build_model, declaration, structure
from hpstudy.engine.network import Network
from hpstudy.engine.prefix import cut
from hpstudy.engine.program import Signature
from hpstudy.engine.setup import Built, Ground, Material, Setup, setup_of
from hpstudy.hypermodels.initial import initial_values, kinds_of, plan
from hpstudy.spec.declarations import DataShape
from hpstudy.spec.foreign import is_foreign
from hpstudy.subsets.keras import tensors, variables


class Setups:
    """Turns configurations into setups; keeps the variable plans of recent architectures.

    `sample` is a `hpstudy.engine.preparing.Sample`, which other people's hypermodels need.
    """

    def __init__(
        self, shape: DataShape, examples: int, validation: int, dtype: str, sample: Any = None
    ) -> None:
        self.shape, self.examples, self.validation = shape, examples, validation
        self._ground = Ground(shape, examples, validation, np.dtype(dtype))
        self._blueprints = Blueprints(shape)
        self._sample = sample
        self._prepared: tuple[Any, Any] = (None, None)

    def of(
        self,
        config: Mapping[str, Any],
        seeds: Mapping[str, int],
        rounded: Mapping[str, Any] | None = None,
    ) -> Setup:
        """The setup of a run, with the settings `rounded` up in its program.

        Raises RuleError where the subset does not fit the network.
        """
        if is_foreign(config):
            material = self._foreign(config, seeds)
        else:
            material = self._declared(config, seeds, rounded or {})
        return setup_of(material, config, seeds, self._ground)

    def build(self, setup: Setup) -> Built:
        """The model of a setup as traceable networks, cut where training begins."""
        signature = setup.signature
        trained = {path for path, _ in signature.trained}
        if is_foreign(setup.config):
            return self._foreign_network(setup, trained)
        model = build_model(setup.config, self.shape)
        paths = {id(owned.variable): owned.path for owned in variables(model)}
        kinds = {planned.path: planned.kind for planned in plan(model)}
        network = Network.of(model, kinds, paths)
        return self._cut(network, kinds, trained, signature)

    def prepared(self, config: Mapping[str, Any], seeds: Mapping[str, int]) -> Any:
        """The `hpstudy.engine.preparing.Prepared` of a run of somebody else's hypermodel."""
        from hpstudy.engine import preparing

        key = (dict(config), seeds["initialisation"])
        if self._prepared[0] != key:
            made = preparing.prepared(config, seeds["initialisation"], self.shape, self._sample)
            self._prepared = key, made
        return self._prepared[1]

    def take(self, config: Mapping[str, Any], seeds: Mapping[str, int]) -> Any:
        """As `prepared`, to be trained: no later run gets the same model."""
        made = self.prepared(config, seeds)
        self._prepared = None, None
        return made

    def compiles(self, config: Mapping[str, Any], seeds: Mapping[str, int]) -> bool:
        """Whether the compiled engine trains such runs; what cannot be built it does not."""
        try:
            return not is_foreign(config) or self.prepared(config, seeds).why is None
        except Exception:
            return False

    def _declared(
        self, config: Mapping[str, Any], seeds: Mapping[str, int], rounded: Mapping[str, Any]
    ) -> Material:
        blueprint = self._blueprints.of(config)
        roomy = {**config, **rounded}
        return Material(
            roomy,
            structure(declaration(roomy), roomy),
            blueprint.tensors,
            {variable.path: variable.kind for variable in blueprint.plan},
            initial_values(blueprint.plan, seeds["initialisation"], seeds["dropout"]),
            {variable.path: variable.shape for variable in self._blueprints.of(roomy).plan},
            config.get("model.norm_momentum"),
        )

    def _foreign(self, config: Mapping[str, Any], seeds: Mapping[str, int]) -> Material:
        from hpstudy.engine import foreign, moving
        from hpstudy.engine.architecture import architecture

        model = self.prepared(config, seeds).model
        values = foreign.initial(model, seeds["dropout"])
        shapes = {path: value.shape for path, value in values.items()}
        made = architecture(model, int(config["training.batch_size"]), self.shape)
        structure = (("architecture", made),)
        slowest, kinds = moving.slowest(model, config), kinds_of(model)
        return Material(config, structure, tensors(model), kinds, values, shapes, slowest)

    def _foreign_network(self, setup: Setup, trained: set[str]) -> Built:
        from hpstudy.engine import foreign, preparing

        made = preparing.prepared(setup.config, setup.seed, self.shape, self._sample)
        model, kinds = made.model, kinds_of(made.model)
        paths = {id(owned.variable): owned.path for owned in variables(model)}
        foreign.switch(model, setup.config, trained)
        network = Network.of(model, kinds, paths, penalised=bool(foreign.penalties(model)))
        if network.penalised:
            # a frozen layer's own losses belong to the whole
            return Built(network, None, network)
        return self._cut(network, kinds, trained, setup.signature)

    def _cut(
        self, network: Network, kinds: Mapping[str, str], trained: set[str], signature: Signature
    ) -> Built:
        """The network, and its halves where what lies before the first trained entry is cut."""
        model, paths = network.model, network.paths
        changing = {key for key, path in paths.items() if path in trained or kinds[path] == "state"}
        # what is computed once holds for images that are read alike in every epoch
        halves = None if signature.augmented else cut(model, changing)
        if halves is None or self._cached_bytes(halves[0]) > signature.prefix_limit:
            return Built(network, None, network)
        before, rest = (Network.of(half, kinds, _paths(half, paths)) for half in halves)
        return Built(network, before, rest)

    def _cached_bytes(self, before: Any) -> int:
        width = int(np.prod(before.outputs[0].shape[1:]))
        return (self.examples + self.validation) * width * int(self._ground.dtype.itemsize)


def _paths(model: Any, paths: Mapping[int, str]) -> dict[int, str]:
    return {id(variable): paths[id(variable)] for variable in model.variables}
