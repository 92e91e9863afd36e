#!/usr/bin/env python3
"""Writes card payments as CloudEvents to stdout, one a line: generate.py [PAYMENTS [CARDS [SEED]]]. The same arguments give the same lines.

    examples/card-payments/generate.py 1000 >payments.jsonl
    smelt run --from payments.jsonl --set pipeline.dir=examples/card-payments
"""

import json
import random
import sys
from datetime import UTC, datetime, timedelta

FIRST = datetime(2026, 11, 20, 8, tzinfo=UTC)


def main() -> None:
    payments, cards, seed = (int(given) for given in (sys.argv[1:] + ["1000", "100", "1"][len(sys.argv) - 1 :]))
    dice = random.Random(seed)
    for number in range(payments):
        at = FIRST + timedelta(seconds=40 * number + dice.randrange(40))
        data = {
            "merchant": f"m-{dice.randrange(20):03d}",
            "amount": round(dice.lognormvariate(3, 1), 2),
            "currency": "EUR",
            "channel": dice.choice(["online", "terminal", "contactless"]),
        }
        event = {
            "specversion": "1.0",
            "id": f"p-{number}",
            "type": "payment.declined" if dice.random() < 0.05 else "payment.authorized",
            "source": f"acquirer/{dice.choice(['eu', 'uk'])}",
            "time": at.isoformat().replace("+00:00", "Z"),
            "subject": f"c-{dice.randrange(cards):04d}",
            "data": data,
        }
        print(json.dumps(event))


if __name__ == "__main__":
    main()
