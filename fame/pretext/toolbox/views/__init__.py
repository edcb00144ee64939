"""Views and other changes of pixels."""
