#!/usr/bin/env python3
"""Checks cards with nothing of their issuer but its public keys and its status lists.

    check.py --issuer https://cards.example.org [--keys FILE|URL] [--lists FOLDER|URL] [--at TIME] CARD...

CARD is what the QR holds: the address, its digits, or the token; - reads one from each line of the standard input, such as a scanner's.
One line is printed for each card. The exit code is 0 where all are valid, 1 where one is not, 2 where nothing could be checked.
Needs cryptography (Debian: python3-cryptography).
"""

import argparse, base64, datetime, json, pathlib, re, sys, time, unicodedata, urllib.request, zlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from cryptography.hazmat.primitives.hashes import SHA256

SKEW = 60  # seconds that a beginning may lie ahead of our clock; an end has no leeway
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
STATES = {0: "valid", 1: "revoked", 2: "suspended", 3: "superseded"}
FORBIDDEN = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffd]")  # turns text around, or can't be seen


class Refused(Exception):
    """The card is refused; its text is the code of the verdict. Nothing of a refused card is printed."""


def unpack(text):
    """The bytes of canonical base64url: no padding, and no bits behind the last byte."""
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise Refused("malformed")
    return data


def compact(value):
    """JSON as the issuer spells it. What does not encode to the bytes it was read from has another spelling, and is refused."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def open_token(raw, typ, keys, longest):
    """The payload of a token whose envelope and signature are right, and the key that signed it."""
    if len(raw) > longest or not re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]*", raw, re.ASCII):
        raise Refused("malformed")
    try:
        head, payload, signature = map(unpack, raw.split("."))
    except ValueError:
        raise Refused("malformed")
    header = open_header(head, typ)
    # The key is found by its ID and by what it signs, and the algorithm is the key's: the header only may agree.
    fitting = (k for k in keys if k.get("kid") == header["kid"] and k.get("signs") == typ and k.get("state") != "revoked")
    key = next(fitting, None)
    if key is None:
        raise Refused("unknown_issuer")
    try:
        fine = header["alg"] == key.get("alg") and verifies(key, raw.rpartition(".")[0].encode(), signature)
    except (InvalidSignature, ValueError, KeyError):
        fine = False
    if not fine:
        raise Refused("bad_signature")
    return payload, key


def open_header(data, typ):
    """A header that has these three members and no other. A stranger's token is told apart from a broken one."""
    try:
        header = json.loads(data)
        same = compact(header) == data
    except (ValueError, RecursionError):
        raise Refused("malformed")
    if not isinstance(header, dict):
        raise Refused("malformed")
    if header.get("typ") != typ and set(header) <= {"alg", "kid", "typ"}:
        raise Refused("wrong_type")
    if not same or list(header) != ["alg", "kid", "typ"] or not all(isinstance(v, str) for v in header.values()):
        raise Refused("malformed")
    return header


def verifies(key, message, signature):
    """Whether the signature is right; it may also raise InvalidSignature, or ValueError for a key that is none."""
    kind = key["alg"], key["kty"], key["crv"]
    if len(signature) != 64:
        return False
    if kind in (("EdDSA", "OKP", "Ed25519"), ("Ed25519", "OKP", "Ed25519")):
        ed25519.Ed25519PublicKey.from_public_bytes(unpack(key["x"])).verify(signature, message)
        return True
    if kind != ("ES256", "EC", "P-256"):
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if s > P256_ORDER // 2:  # the second spelling that every ECDSA signature has
        return False
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\4" + unpack(key["x"]) + unpack(key["y"]))
    public.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
    return True


def require(fine):
    if not fine:
        raise Refused("invalid_claims")


def is_time(n):
    return type(n) is int and 0 <= n <= 2**53


def is_number(text):
    """A card number: 12 symbols of Crockford's base32, the last of which checks the others."""
    check = 0
    for c in text:
        value = "0123456789ABCDEFGHJKMNPQRSTVWXYZ".find(c)
        check = (check ^ value) << 1
        check ^= 0b100101 if check & 32 else 0
    return bool(re.fullmatch("[0-9A-HJKMNP-TV-Z]{12}", text)) and check == 0


def claims_of(payload, key, issuer):
    """The claims of a card, by the rules of docs/card-format.md, section 1."""
    try:
        claims = json.loads(payload)
        require(isinstance(claims, dict) and compact(claims) == payload)
    except (ValueError, RecursionError):
        raise Refused("invalid_claims")
    names = ["iss", "jti", "iat", "exp", "name", "crs"] + [n for n in ("status", "nbf") if n in claims]
    require(list(claims) == names and claims["iss"] == issuer == key.get("iss", issuer))
    require(all(isinstance(claims[n], str) for n in ("jti", "name", "crs")))
    require(all(is_time(claims[n]) for n in ("iat", "exp", "nbf") if n in claims) and claims["exp"] > claims["iat"])
    require(is_number(claims["jti"]) and re.fullmatch("[A-Z0-9-]{1,16}", claims["crs"]))
    name = claims["name"]
    require(name.strip() == name and 1 <= len(name) <= 60 and unicodedata.is_normalized("NFC", name))
    require(not FORBIDDEN.search(name) and all(unicodedata.category(c) not in ("Cc", "Co", "Cs", "Zl", "Zp") for c in name))
    if "status" in claims:
        status = claims["status"]
        require(isinstance(status, dict) and list(status) == ["status_list"] and isinstance(status["status_list"], dict))
        place = status["status_list"]
        require(list(place) == ["idx", "uri"] and is_time(place["idx"]) and place["idx"] < 2**17)
        require(isinstance(place["uri"], str) and re.fullmatch(re.escape(issuer) + "/s/(0|[1-9][0-9]{0,8})", place["uri"]))
    return claims


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def fetch(where, at_most):
    """A file, or what an address answers."""
    if not re.match("https?://", where):
        data = pathlib.Path(where).read_bytes()
    else:
        with urllib.request.build_opener(NoRedirect).open(where, timeout=10) as answer:
            data = answer.read(at_most + 1)
    if len(data) > at_most:
        raise ValueError("too large")
    return data.decode("ascii").strip()


def status_of(place, lists, keys, now):
    """The state of a card, and as of when. Whatever is wrong with the list, the state is not known."""
    issuer, number = place["uri"].rsplit("/s/", 1)
    where = f"{lists}/{number}" if re.match("https?://", lists) else f"{lists}/{number}.jwt"
    try:
        payload, key = open_token(fetch(where, 6 << 20), "statuslist+jwt", keys, 6 << 20)
        claims = json.loads(payload)
        if compact(claims) != payload:
            return "status_unknown", "the list is not spelt as an issuer spells it"
        iat, exp, bits = claims["iat"], claims["exp"], claims["status_list"]["bits"]
        another = claims["sub"] != place["uri"] or key.get("iss", issuer) != issuer
        if another or not is_time(iat) or not is_time(exp) or bits not in (1, 2, 4, 8):
            return "status_unknown", "the list is of another address, or no list"
        if now >= exp or iat > now + SKEW:
            return "status_unknown", f"the list counted from {stamp(iat)} to {stamp(exp)}"
        inflate = zlib.decompressobj()
        states = inflate.decompress(unpack(claims["status_list"]["lst"]), 1 << 20)
        if not inflate.eof or inflate.unused_data:
            return "status_unknown", "the list is damaged, or too large"
        each = 8 // bits
        state = states[place["idx"] // each] >> place["idx"] % each * bits & 2**bits - 1
        return STATES.get(state, "status_unknown"), f"status of {stamp(iat)}, {max(0, now - iat)} seconds old"
    except Exception as problem:  # also one that we did not think of: it must not end as a valid card
        return "status_unknown", f"there is no status list that counts ({type(problem).__name__}: {problem})"


def stamp(seconds):
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError):
        return str(seconds)


def token_of(text):
    """The token of what a QR holds."""
    if "/c/" in text:
        text = text.rsplit("/c/", 1)[1].split("?")[0]  # an address that was copied from a page may ask something more
    if re.fullmatch("[0-9]+", text, re.ASCII):
        pairs = [int(text[i : i + 2]) for i in range(0, len(text), 2)]
        if len(text) % 2 or len(text) > 4096 or max(pairs) > 77:
            raise Refused("malformed")
        return "".join(chr(p + 45) for p in pairs)
    return text


def check(text, issuer, keys, lists, now):
    """The code of the verdict, and what to say of it. The time is in seconds of Unix."""
    now = int(now)
    try:
        claims = claims_of(*open_token(token_of(text), "card+jwt", keys, 2048), issuer)
    except Refused as refused:
        return str(refused), ""
    state, why = "status_unknown", "the card has no place in a list: ask its issuer"
    if "status" in claims:
        state, why = status_of(claims["status"]["status_list"], lists, keys, now)
    code = state
    if state in ("valid", "status_unknown"):  # the other states are stronger than the times
        if now >= claims["exp"]:
            code = "expired"
        elif now + SKEW < max(claims["iat"], claims.get("nbf", 0)):
            code = "not_yet_valid"
    return code, f"{claims['jti']}, {claims['name']}, {claims['crs']}, until {stamp(claims['exp'])}; {why}"


def key_set(where):
    """The issuer's keys."""
    keys = json.loads(fetch(where, 1 << 20))["keys"]
    if not any("signs" in k for k in keys):
        raise ValueError('no key in the set has "signs". The server is too old for this: ask its page /c/, and its operator for an update')
    return keys


def all_cards(args):
    for arg in args:
        if arg != "-":
            yield arg
            continue
        for line in sys.stdin.buffer:
            yield line.decode(errors="replace").removesuffix("\n").removesuffix("\r")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--issuer", required=True, help="the origin whose cards you believe")
    parser.add_argument("--keys", help="its JWK Set (default: ISSUER/.well-known/jwks.json)")
    parser.add_argument("--lists", help="its status lists (default: ISSUER/s)")
    parser.add_argument("--at", type=moment, help="judge as of this time, such as 2026-11-21T08:00:00Z")
    parser.add_argument("card", nargs="+", help="what the QR holds, or - for lines of the standard input")
    o = parser.parse_args()
    issuer = o.issuer.rstrip("/")
    try:
        keys = key_set(o.keys or issuer + "/.well-known/jwks.json")
    except Exception as problem:
        print(f"nothing was checked: the keys can't be had: {problem}", file=sys.stderr)
        return 2
    codes = set()
    for card in all_cards(o.card):
        code, text = check(card, issuer, keys, (o.lists or issuer + "/s").rstrip("/"), time.time() if o.at is None else o.at)
        print(f"{code}: {text}" if text else code, flush=True)
        codes.add(code)
    if not codes:
        print("nothing was checked: there is no card on the standard input", file=sys.stderr)
        return 2
    return 0 if codes == {"valid"} else 1


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    sys.exit(main())
