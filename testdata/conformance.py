"""Puts every vector of this folder to a verifier, and counts what it answers otherwise than docs/card-format.md asks.

    python3 conformance.py [--level full|verdict|signature] [--coarse] [--only TEXT] COMMAND [ARGUMENT...]

COMMAND is started once for each vector. It gets one JSON object on standard input: the members of the vector that README.md lists,
without the expected answer, and "level". It answers one JSON object on standard output:
{"code": "...", "reasons": [...], "card": "..."}, at the level full also "meets" where the vector has a "need".

Exit codes: 0 no difference, 1 some, 2 usage. Nothing but Python's standard library is needed.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

TIMEOUT = 60  # seconds for one answer
ACCEPTED = ("valid", "genuine")
ASKED = ("token", "number", "zone", "clock", "keys", "register")


def question(vector, level):
    """The part of a vector that the verifier may see, or None where the level does not ask it."""
    if level == "signature":
        if "token" not in vector:
            return None
        return {"level": level, "token": vector["token"], "keys": vector["keys"]}
    names = ASKED + (("need",) if level == "full" else ())
    return {"level": level, **{n: vector[n] for n in names if n in vector}}


def wanted(vector, level):
    expected = vector["expected"]
    if level == "signature":
        return {"code": expected["signature"]}
    names = ["code", "reasons", "card"]
    if level == "full" and "need" in vector:
        names.append("meets")
    return {n: expected[n] for n in names}


def answer(command, asked):
    """The verifier's answer, or a text that says why there is none."""
    try:
        done = subprocess.run(command, input=json.dumps(asked).encode(), capture_output=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return f"no answer within {TIMEOUT} seconds"
    if done.returncode != 0:
        return f"exit code {done.returncode}: {done.stderr.decode(errors='replace').strip()[-300:]}"
    try:
        got = json.loads(done.stdout)
    except ValueError as e:
        return f"the answer is no JSON: {e}"
    return got if isinstance(got, dict) else "the answer is no JSON object"


def in_one_word(a):
    return {"accepted": a.get("code") in ACCEPTED}


def compare(path, command, level, coarse):
    """None where the level has no question, otherwise the difference as a text, empty for none."""
    vector = json.loads(path.read_text(encoding="utf-8"))
    asked = question(vector, level)
    if asked is None:
        return None
    want = wanted(vector, level)
    got = answer(command, asked)
    if isinstance(got, dict):
        got = {n: got.get(n) for n in want}
        if coarse:
            got, want = in_one_word(got), in_one_word(want)
    if got == want:
        return ""
    return f"{path.stem}: {vector['description']}\n  got  {json.dumps(got)}\n  want {json.dumps(want)}"


def main():
    parser = argparse.ArgumentParser(description="Puts the test vectors to a verifier.")
    parser.add_argument("--level", choices=("full", "verdict", "signature"), default="full")
    parser.add_argument("--coarse", action="store_true", help="compare only whether a card is accepted")
    parser.add_argument("--only", default="", metavar="TEXT", help="only vectors whose name has TEXT in it")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND")
    options = parser.parse_args()
    if not options.command:
        parser.error("name the command that answers")
    folder = pathlib.Path(__file__).parent / "vectors"
    paths = sorted(p for p in folder.glob("*.json") if options.only in p.stem)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            results = list(pool.map(lambda p: compare(p, options.command, options.level, options.coarse), paths))
        except OSError as e:
            parser.error(f"the command does not start: {e}")
    asked = [r for r in results if r is not None]
    differences = [r for r in asked if r]
    for text in differences:
        print(text)
    print(f"{len(asked)} vectors at the level {options.level}, {len(differences)} answered otherwise")
    if not asked:
        print("no vector was found: that proves nothing", file=sys.stderr)
    return 1 if differences or not asked else 0


if __name__ == "__main__":
    sys.exit(main())
