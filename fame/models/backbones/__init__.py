"""Architectures, one file each; `fame.core.registry` finds them by name.

A file says what a scale may write under `encoder:` and how the network is built from that:

- `SETTINGS`, a model that derives from `fame.config.encoders.EncoderSettings`;
- `build(settings)`, which returns a `fame.models.encoder.Encoder`.

Configuration reads `SETTINGS` of every job, so the file imports torch inside `build` only.
"""
