"""The benchmark: chat servers side by side, each a process of its own; see README.md here."""
