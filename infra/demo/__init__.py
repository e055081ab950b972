"""Does the main job once on real engines and compares what came back with what was there: `python -m infra.demo`."""
