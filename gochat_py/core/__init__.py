"""Pure code: protocol, rules and data structures. No clock, socket, lock, queue or randomness."""
