"""The real programs as processes: killed, stopped, started again; judged by what others saw."""
