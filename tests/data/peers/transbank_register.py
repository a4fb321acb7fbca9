"""transbank-pos-sdk as the cash register: poll, keys, sale with and without progress, a refusal, the last one, refund, close.

transbank_register.py PORT; prints what it was told, a line of JSON each.
"""

import json
import sys

from transbank.POS.POSIntegrado import POSIntegrado


def main():
    pos = POSIntegrado()
    # Fifths of a second.
    pos.timeout = 100
    pos.open_port(sys.argv[1], 115200)
    tell("poll", pos.poll())
    tell("keys", pos.load_keys())
    tell("sale", pos.sale(12500, "ABC123"))
    progress = []
    sold = pos.sale(700, "2", send_status=True, callback=progress.append)
    tell("sale", {**sold, "progress": [message["response_code"] for message in progress]})
    tell("sale", pos.sale(5100, "3"))
    tell("last", pos.last_sale())
    tell("refund", pos.refund(int(sold["operation_number"])))
    tell("close", pos.close())
    tell("normal", pos.set_normal_mode())
    pos.close_port()


def tell(what, answer):
    print(json.dumps({what: answer}), flush=True)


main()
