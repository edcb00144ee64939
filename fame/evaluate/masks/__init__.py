"""Mask quality, and pictures of masks."""
