"""Architectures, one file each, found by name by `fame.core.registry`.

A file declares what a scale may write under `encoder:` and how the network is built from it:

- `SETTINGS`, a model that derives from `fame.config.encoders.EncoderSettings`;
- `build(settings)`, which returns a `fame.models.encoder.Encoder`.

Every job reads `SETTINGS` with the configuration, so the file imports torch inside `build` only.
"""
