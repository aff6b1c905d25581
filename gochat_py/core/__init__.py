"""Decisions without waiting: no clock, socket, lock, queue or randomness below this line."""
