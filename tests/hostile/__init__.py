"""The red team: one address attacks a server with default settings while a quiet room talks."""
