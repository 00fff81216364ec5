"""Signs and verifies with the published library: one JSON request a line on standard input, one answer a line.

{"text": …}             → what it signs the text as: {"signature": …} or {"error": …}
{"text", "signature"}   → whether it accepts the signature: {"genuine": …}
"""

import json
import sys

import orjson
from rxon.security import sign_payload, verify_signature

SECRET = "secret-of-the-fuzz"

for line in sys.stdin:
    request = json.loads(line)
    try:
        payload = orjson.loads(request["text"])
        if "signature" in request:
            answer = {"genuine": bool(verify_signature(payload, request["signature"], SECRET))}
        else:
            answer = {"signature": sign_payload(payload, SECRET)}
    except Exception as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=False)
