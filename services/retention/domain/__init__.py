"""The rules of retention: pure, time is an argument (spec: retention §2)."""
