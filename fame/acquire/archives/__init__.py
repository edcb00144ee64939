"""Unpack archives without trusting them."""
