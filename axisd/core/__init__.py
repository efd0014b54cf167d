"""The functional core: pure functions over immutable values. No I/O, no clock, no logging."""
