"""Labels made from pixels."""
