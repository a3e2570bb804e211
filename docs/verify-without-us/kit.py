#!/usr/bin/env python3
"""Puts the questions of the conformance kit (testdata/README.md) to a program with the arguments of these three.

    scripts/conformance --level signature docs/verify-without-us/kit.py node docs/verify-without-us/check.mjs

The kit has no clock and no lists at that level. So there is none here either, and every answer of a program but a refusal of what the
card is means that it is genuine.
"""

import json, subprocess, sys, tempfile

REFUSED = ("malformed", "wrong_type", "unknown_issuer", "bad_signature", "invalid_claims")
PUBLIC = ("kty", "crv", "x", "y", "kid", "alg", "use", "signs", "iss")  # without the life of a key, of which this level knows nothing

question = json.load(sys.stdin)
keys = [{n: k[n] for n in PUBLIC if n in k} for k in question["keys"]["keys"]]
with tempfile.NamedTemporaryFile("w") as file:
    json.dump({"keys": keys}, file)
    file.flush()
    command = sys.argv[1:] + ["--issuer", keys[0]["iss"], "--keys", file.name, "--lists", "/nowhere", "--"]
    # An argument can't hold NUL, and a line of the standard input can't hold a line end.
    token, by_line = question["token"], "\0" in question["token"]
    done = subprocess.run(command + (["-"] if by_line else [token]), input=token.encode() if by_line else b"", capture_output=True)

lines = done.stdout.decode().splitlines()
if done.returncode not in (0, 1) or len(lines) != 1:
    sys.exit(f"exit code {done.returncode}, {len(lines)} lines: {done.stderr.decode()}")
code, says, _ = lines[0].partition(": ")
if (code in REFUSED) != (says == ""):
    sys.exit("a refused card shows nothing, and another one something")
print(json.dumps({"code": code if code in REFUSED else "genuine"}))
