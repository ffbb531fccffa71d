"""A hypermodel as one writes it for Keras Tuner; `own_hypermodel.yaml` beside it runs it here."""

import keras
import keras_tuner


class DigitsNet(keras_tuner.HyperModel):
    def build(self, hp):
        layers = [keras.Input((8, 8, 1)), keras.layers.Flatten()]
        for number in range(hp.Int("layers", 1, 3)):
            layers.append(keras.layers.Dense(hp.Int(f"units_{number}", 16, 64, step=16)))
            layers.append(keras.layers.BatchNormalization(momentum=0.9))
            layers.append(keras.layers.ReLU())
        model = keras.Sequential([*layers, keras.layers.Dense(10, activation="softmax")])
        rate = hp.Float("learning_rate", 1e-3, 1.0, sampling="log")
        model.compile(
            keras.optimizers.SGD(rate, momentum=0.9),
            "sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        return model

    def fit(self, hp, model, *args, **kwargs):
        return model.fit(*args, batch_size=hp.Choice("batch_size", [32, 64]), **kwargs)
