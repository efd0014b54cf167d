"""`make demo`: the whole story of the axis with real services, each step checked and not only printed."""
