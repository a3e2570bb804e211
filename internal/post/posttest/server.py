"""A mail server for tests, by aiosmtpd. What it does with a mail, the part of the address before the @ says.

Every mail that it takes is a line of JSON in the file --log, written before the answer. The first line of standard output is the port.

refuse-...   550 to the address          nodata-...  554 after the dot
grey-...     451 to the address, once    busy-...    451 to the address, always
cutdata-...  hangs up within the mail, once
cutdot-...   takes the mail, and hangs up without an answer
lostdot-...  hangs up after the dot, without taking the mail
slow-...     waits before the answer     early-...   421 and hangs up within the mail, always
"""

import argparse
import asyncio
import base64
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Server(SMTP):
    async def smtp_DATA(self, arg):
        to = self.envelope.rcpt_tos[0] if self.envelope.rcpt_tos else ""
        state = self.event_handler
        cut = to.startswith("cutdata-") and to not in state.seen
        if cut or to.startswith("early-"):
            state.seen.add(to)
            await self.push("354 go on")
            await self._reader.read(100)
            if not cut:
                await self.push("421 4.3.0 closing")
                await asyncio.sleep(0.05)
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class Handler:
    def __init__(self, options):
        self.options, self.seen = options, set()
        self.log = open(options.log, "a", encoding="ascii")

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address.startswith("refuse-"):
            return "550 5.1.1 no such person\there"
        if address.startswith("busy-") or address.startswith("grey-") and address not in self.seen:
            self.seen.add(address)
            return "451 4.7.1 greylisted, come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        to = envelope.rcpt_tos[0]
        if to.startswith("nodata-"):
            return "554 5.6.0 not this mail"
        if to.startswith("slow-"):
            await asyncio.sleep(self.options.slow)
        if not to.startswith("lostdot-"):
            data = envelope.original_content
            line = {"from": envelope.mail_from, "to": to, "data": base64.b64encode(data).decode(), "tls": session.ssl is not None}
            self.log.write(json.dumps(line) + "\n")
            self.log.flush()
        if to.startswith("cutdot-") or to.startswith("lostdot-"):
            server.transport.abort()
            return "250 nobody reads this"
        if self.options.delay:
            await asyncio.sleep(self.options.delay)
        return "250 2.0.0 OK queued"


async def main():
    p = argparse.ArgumentParser()
    p.add_argument("--log", required=True)
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--tls", default="none")
    p.add_argument("--cert")
    p.add_argument("--key")
    p.add_argument("--password")
    p.add_argument("--slow", type=float, default=1)
    p.add_argument("--delay", type=float, default=0)
    p.add_argument("--no-utf8", action="store_true")
    o = p.parse_args()
    context = None
    if o.tls != "none":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(o.cert, o.key)
    handler = Handler(o)

    def check(server, session, envelope, mechanism, data):
        ok = isinstance(data, LoginPassword) and data.password.decode() == o.password
        return AuthResult(success=ok, handled=False)

    def make():
        return Server(
            handler, hostname="mail.test", enable_SMTPUTF8=not o.no_utf8, data_size_limit=None, timeout=60,
            tls_context=context if o.tls == "starttls" else None, require_starttls=o.tls == "starttls",
            authenticator=check if o.password else None, auth_required=bool(o.password), auth_require_tls=o.tls == "starttls",
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(make, "127.0.0.1", o.port, ssl=context if o.tls == "implicit" else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)  # until whoever started this has gone


asyncio.run(main())
