#!/usr/bin/env python3
"""Writes rides of bikes to stdout, one JSON object a line: generate.py [RIDES [BIKES [SEED]]]. The same arguments give the same lines.

    examples/bike-sharing/generate.py 1000 >bikes.jsonl
    smelt run --from bikes.jsonl --set pipeline.dir=examples/bike-sharing
"""

import json
import random
import sys

STATIONS = ["Central", "Harbour", "University", "Stadium", "Old Town"]
FIRST_MS = 1_795_000_000_000


def main() -> None:
    rides, bikes, seed = (int(given) for given in (sys.argv[1:] + ["1000", "50", "1"][len(sys.argv) - 1 :]))
    dice = random.Random(seed)
    free_at = [FIRST_MS] * bikes
    for _ in range(rides):
        bike = dice.randrange(bikes)
        taken = free_at[bike] + dice.randrange(60_000, 7_200_000)
        returned = free_at[bike] = taken + dice.randrange(60_000, 3_600_000)
        name = f"B-{bike:03d}"
        print(json.dumps({"bike_id": name, "kind": "undocked", "ts": taken, "station": dice.choice(STATIONS)}))
        fee = dice.randrange(100, 900) / 100
        print(json.dumps({"bike_id": name, "kind": "docked", "ts": returned, "station": dice.choice(STATIONS), "battery": dice.randrange(5, 101), "fee": fee}))


if __name__ == "__main__":
    main()
