"""What runs jobs. Every engine is at-least-once; exactly-once comes from the rows."""
