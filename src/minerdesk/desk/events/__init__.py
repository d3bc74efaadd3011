"""Events: calendar ahead, radar, causes, panels, regimes."""
