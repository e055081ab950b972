"""Jobs on the bytes of what the catalog has let go: references first, content last (spec: retention §2)."""
