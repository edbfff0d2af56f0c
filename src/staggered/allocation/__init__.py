"""Who goes first: randomised orders, the allocations that a scheme allows, and certificates."""
