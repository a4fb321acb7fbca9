"""pyTeliumManager as the cash register: presence, a sale with the report, a short one, a refusal, a credit.

telium_register.py PORT; prints what it was told, a line of JSON each.
"""

import json
import sys

from telium import Telium, TeliumAsk


def main():
    # Its class for 7E1 fails on a pseudo-terminal, which has no parity.
    device = Telium(sys.argv[1], baudrate=9600, timeout=5)
    tell(present=device.is_ok())
    sell(device, 12.50)
    sell(device, 1.00, collect_payment_source_info=False)
    sell(device, 51.00)
    sell(device, 99999.99, payment_mode="credit")
    tell(present=device.is_ok())
    device.close()


def sell(device, amount, **options):
    ask = TeliumAsk.new_payment(amount, target_currency="EUR", checkout_unique_id="7", **options)
    if not device.ask(ask):
        raise SystemExit("the terminal did not take the request")
    answer = device.verify(ask, waiting_timeout=30)
    if answer is None:
        raise SystemExit("no answer")
    tell(
        register=answer.pos_number,
        done=answer.has_succeeded,
        amount=answer.amount,
        currency=answer.currency_numeric,
        mode=answer.payment_mode,
        report=answer.repport.strip(),
    )


def tell(**what):
    print(json.dumps(what), flush=True)


main()
