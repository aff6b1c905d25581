"""What the tests share: the base class, servers as processes, and what a missing tool means."""
