"""The state machines: steps as named variables on top, one chain at the bottom."""
