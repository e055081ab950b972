"""Long work outside any consumer callback: leased jobs of named steps, heartbeats, epochs (architecture §2.9)."""
