"""Claims: paired differences between methods, tested and judged (docs/claims.md)."""
