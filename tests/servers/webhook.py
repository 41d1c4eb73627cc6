"""Takes calls of a webhook as the reference library of Standard Webhooks reads them.

python webhook.py PORT KEY FILE: listens on 127.0.0.1, answers 204 to what is signed with KEY and 401 to everything else, and
adds the id and the body of what it took to FILE, a JSON document a line.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

port, key, file = int(sys.argv[1]), sys.argv[2], sys.argv[3]


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            Webhook(key).verify(body, {name.lower(): value for name, value in self.headers.items()})
        except WebhookVerificationError as error:
            print(error, file=sys.stderr, flush=True)
            return self.answer(401)
        with open(file, "a") as calls:
            calls.write(json.dumps({"id": self.headers["webhook-id"], "body": json.loads(body)}) + "\n")
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.end_headers()


HTTPServer(("127.0.0.1", port), Receiver).serve_forever()
