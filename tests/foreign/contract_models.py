"""Hypermodels as people write them for Keras Tuner, each with something of its own."""

import os

import keras
import keras_tuner
import numpy as np
from keras import layers


def _compiled(model, hp, loss="sparse_categorical_crossentropy"):
    rate = hp.Float("learning_rate", 1e-2, 1.0, sampling="log")
    model.compile(keras.optimizers.SGD(rate, momentum=0.9), loss, metrics=["accuracy"])
    return model


def per_layer(hp):
    """A loop of depth with a width for each layer."""
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten()])
    for number in range(hp.Int("depth", 1, 2)):
        model.add(layers.Dense(hp.Int(f"units_{number}", 8, 16, step=8), activation="relu"))
    model.add(layers.Dense(10, activation="softmax"))
    return _compiled(model, hp)


class Conditional(keras_tuner.HyperModel):
    """Conditional and name scopes, every kind of parameter, the same name in two scopes."""

    def build(self, hp):
        kind = hp.Choice("kind", ["narrow", "wide"])
        with hp.conditional_scope("kind", ["narrow"]):
            narrow = hp.Int("units", 4, 9, step=4)
        with hp.conditional_scope("kind", ["wide"]):
            wide = hp.Int("units", 8, 64, step=2, sampling="log")
            if kind == "wide":
                with hp.name_scope("inner"):
                    hp.Float("rate", 0.1, 0.5, step=0.1)
        units = narrow if kind == "narrow" else wide
        bias = hp.Choice("bias", [True, False])
        hp.Fixed("flavour", "plain")
        activation = "relu" if hp.Boolean("relu") else "tanh"
        model = keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                layers.Flatten(),
                layers.Dense(units, activation=activation, use_bias=bias),
                layers.Dense(10),
            ]
        )
        rate = hp.Float("learning_rate", 0.01, 1.0, sampling="reverse_log")
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(rate / 10), loss, metrics=["accuracy"])
        return model


class TwoInputs(keras_tuner.HyperModel):
    """A functional model with two inputs, which `fit` makes of the data."""

    def build(self, hp):
        left, right = keras.Input((4, 8)), keras.Input((4, 8))
        units = hp.Choice("units", [8, 16])
        parts = [layers.Dense(units, activation="relu")(layers.Flatten()(x)) for x in (left, right)]
        outputs = layers.Dense(10, activation="softmax")(layers.Concatenate()(parts))
        return _compiled(keras.Model([left, right], outputs), hp)

    def fit(self, hp, model, x, y, validation_data, **kwargs):
        def halves(images):
            return [images[:, :4, :, 0], images[:, 4:, :, 0]]

        x_val, y_val = validation_data
        return model.fit(halves(x), y, validation_data=(halves(x_val), y_val), **kwargs)


class Perceptron(keras.Model):
    def __init__(self, units):
        super().__init__()
        self.flatten = layers.Flatten()
        self.hidden = layers.Dense(units, kernel_regularizer="l2")
        self.norm = layers.BatchNormalization()
        self.drop = layers.Dropout(0.2)
        self.out = layers.Dense(10, activation="softmax")

    def call(self, x, training=False):
        hidden = keras.ops.relu(self.norm(self.hidden(self.flatten(x)), training=training))
        return self.out(self.drop(hidden, training=training))


def subclassed(hp):
    """A subclassed model, built when it is first called, with a one-hot loss."""
    return _compiled(Perceptron(hp.Int("units", 8, 32)), hp, "categorical_crossentropy")


def penalised(hp):
    """Regularisers of weights and of activities, with batch statistics."""
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten()])
    model.add(layers.Dense(hp.Int("units", 8, 16), kernel_regularizer="l2"))
    model.add(layers.BatchNormalization())
    model.add(layers.Dense(10, activity_regularizer=keras.regularizers.L2(1e-3)))
    model.add(layers.Softmax())
    return _compiled(model, hp)


def frozen(hp):
    """A layer and a normalisation that its author has frozen, the latter in inference mode."""
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten()])
    model.add(layers.Dense(hp.Int("units", 8, 16), trainable=False))
    model.add(layers.BatchNormalization(trainable=False))
    model.add(layers.Dense(8, activation="tanh"))
    model.add(layers.BatchNormalization())
    model.add(layers.Dense(10, activation="softmax"))
    return _compiled(model, hp)


class BatchSize(keras_tuner.HyperModel):
    """Batch size tuned in `fit`, and nothing compiled."""

    def build(self, hp):
        model = [keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(hp.Int("units", 8, 16))]
        return keras.Sequential(
            [*model, layers.BatchNormalization(), layers.ReLU(), layers.Dense(10)]
        )

    def fit(self, hp, model, *args, **kwargs):
        return model.fit(*args, batch_size=hp.Int("batch_size", 32, 128, step=32), **kwargs)


class OwnStep(keras.Sequential):
    def train_step(self, state, data):
        return super().train_step(state, data)


class TensorFlowStep(keras.Sequential):
    def train_step(self, data):
        raise AssertionError("no backend of ours calls it so")


def tensorflow_step(hp):
    return _compiled(TensorFlowStep([keras.Input((8, 8, 1)), layers.Dense(10)]), hp)


def own_step(hp):
    """A train step of its own."""
    model = OwnStep([keras.Input((8, 8, 1)), layers.Flatten()])
    model.add(layers.Dense(hp.Int("units", 8, 16), activation="relu"))
    model.add(layers.BatchNormalization())
    model.add(layers.Dense(10, activation="softmax"))
    return _compiled(model, hp)


class OwnLoop(keras_tuner.HyperModel):
    """A training loop of its own."""

    def build(self, hp):
        return per_layer(hp)

    def fit(self, hp, model, x, y, validation_data, callbacks=None, **kwargs):
        size = hp.Choice("batch_size", [64, 128])
        for callback in callbacks:
            callback.set_model(model)
        for epoch in range(2):
            for start in range(0, len(x) - size + 1, size):
                model.train_on_batch(x[start : start + size], y[start : start + size])
            loss, _ = model.evaluate(*validation_data, verbose=0)
            for callback in callbacks:
                callback.on_epoch_end(epoch, logs={"val_loss": loss})
        return loss


def raises(hp):
    """Raises in `build` for some of its parameters."""
    if hp.Choice("units", [8, 0]) == 0:
        raise ValueError("a layer needs units")
    return per_layer(hp)


def large(hp):
    """May be larger than the study allows."""
    units = hp.Choice("units", [8, 4096])
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(units)])
    model.add(layers.Dense(10, activation="softmax"))
    return _compiled(model, hp)


def exits(hp):
    """Ends its process for some of its parameters."""
    if hp.Choice("units", [8, 0]) == 0:
        os._exit(3)
    return per_layer(hp)


def always_raises(hp):
    hp.Int("units", 1, 100)
    raise RuntimeError("there is no such layer")


class Picky(layers.Layer):
    def call(self, x):
        if x.shape[0] == 64:
            raise ValueError("a batch of 64 is too large")
        return x


class Sized(keras_tuner.HyperModel):
    def __init__(self, units, depth=1):
        super().__init__()

    def build(self, hp):
        return per_layer(hp)


def raises_later(hp):
    """Builds, and raises inside Keras where it is trained in batches of 64."""
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), Picky()])
    model.add(layers.Dense(10, activation="softmax"))
    return _compiled(model, hp)


def returns_nothing(hp):
    per_layer(hp)


def two_ranges(hp):
    hp.Int("units", 1, 8)
    return keras.Sequential([layers.Dense(hp.Int("units", 1, 9))])


resnet = keras_tuner.applications.HyperResNet(include_top=True, input_shape=(32, 32, 3), classes=10)


def two_outputs(hp):
    """A class and a guess beside it."""
    inputs = keras.Input((8, 8, 1))
    hidden = layers.Dense(hp.Int("units", 8, 16))(layers.Flatten()(inputs))
    heads = [layers.Dense(10, activation="softmax")(hidden) for _ in range(2)]
    model = keras.Model(inputs, heads)
    model.compile("sgd", ["sparse_categorical_crossentropy"] * 2)
    return model


def seven(hp):
    """Fewer outputs than the data has classes."""
    hp.Int("units", 8, 16)
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(7)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def asks_nothing(hp):
    """A network without batch normalisation, and no other."""
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten()])
    model.add(layers.Dense(10, activation="softmax", name="out"))
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


class TwoHeads(keras.Model):
    def __init__(self):
        super().__init__()
        self.flatten, self.one, self.other = layers.Flatten(), layers.Dense(10), layers.Dense(10)

    def call(self, x):
        flat = self.flatten(x)
        return self.one(flat), self.other(flat)


def two_heads(hp):
    hp.Int("units", 8, 16)
    return TwoHeads()


class Mixing(layers.Layer):
    """A constant that its constructor draws, and that is no variable."""

    def __init__(self, units):
        super().__init__()
        self.mix = np.random.normal(size=(64, units)).astype("float32")

    def call(self, x):
        return keras.ops.matmul(x, self.mix)


def constant(hp):
    """Random features, as in an echo state network."""
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten()])
    model.add(Mixing(hp.Int("units", 16, 32)))
    model.add(layers.Dense(10, activation="softmax"))
    return _compiled(model, hp)


class Adapted(keras_tuner.HyperModel):
    """A normalisation that `fit` adapts to its data."""

    def build(self, hp):
        self.normal = layers.Normalization()
        model = [keras.Input((8, 8, 1)), self.normal, layers.Flatten()]
        model.append(layers.Dense(hp.Int("units", 8, 16), activation="relu"))
        return _compiled(keras.Sequential([*model, layers.Dense(10, activation="softmax")]), hp)

    def fit(self, hp, model, x, y, **kwargs):
        self.normal.adapt(x)
        return model.fit(x, y, **kwargs)


class Scale(layers.Layer):
    def __init__(self):
        super().__init__()
        self.factor = 1.0

    def call(self, x):
        return x * self.factor


class Scaled(keras_tuner.HyperModel):
    """A factor that `fit` takes from its data into a plain attribute."""

    def build(self, hp):
        self.scale = Scale()
        model = [keras.Input((8, 8, 1)), self.scale, layers.Flatten()]
        model.append(layers.Dense(hp.Int("units", 8, 16), activation="relu"))
        return _compiled(keras.Sequential([*model, layers.Dense(10, activation="softmax")]), hp)

    def fit(self, hp, model, x, y, **kwargs):
        self.scale.factor = float(1 / np.abs(x).max())
        return model.fit(x, y, **kwargs)


class ScaledAlone(Scaled):
    """The same, and a training loop of its own."""

    def fit(self, hp, model, x, y, validation_data, callbacks=None, **kwargs):
        self.scale.factor = float(1 / np.abs(x).max())
        model.train_on_batch(x, y)
        return model.evaluate(*validation_data, verbose=0)[0]


def mobilenet(hp):
    """An architecture of Keras's own, without pretrained weights."""
    model = keras.applications.MobileNetV2((32, 32, 3), alpha=0.35, weights=None, classes=10)
    return _compiled(model, hp)


class AdaptedAlone(Adapted):
    """A normalisation adapted in a training loop of its own."""

    def fit(self, hp, model, x, y, validation_data, callbacks=None, **kwargs):
        self.normal.adapt(x)
        model.train_on_batch(x, y)
        return model.evaluate(*validation_data, verbose=0)[0]
