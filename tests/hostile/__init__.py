"""Attacks by one address on a server with default settings, while a quiet room is measured."""
