"""Which parameter entries train: rules, the split that they make, and their use in plain Keras."""
