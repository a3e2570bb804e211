#!/usr/bin/env python3
"""Checks cards with nothing of their issuer but its public keys and its status lists.

    check.py --issuer https://cards.example.org [--keys FILE|URL] [--lists FOLDER|URL] [--at TIME] CARD...

CARD is what the QR holds: the address, its digits, or the token. One line is printed for each card. The exit code is 0 where all are
valid, 1 where one is not, 2 where nothing could be checked. Needs PyJWT and cryptography (Debian: python3-jwt).
"""

import argparse, base64, datetime, json, pathlib, re, sys, time, unicodedata, urllib.request, zlib

import jwt

SKEW = 60  # seconds that a beginning may lie ahead of our clock; an end has no leeway
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
    """The payload of a token whose envelope and signature are right."""
    if len(raw) > longest or not re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]*", raw, re.ASCII):
        raise Refused("malformed")
    try:
        head, payload, _ = map(unpack, raw.split("."))
        header = json.loads(head)
        same = compact(header) == head
    except (ValueError, RecursionError):
        raise Refused("malformed")
    if not isinstance(header, dict):
        raise Refused("malformed")
    if header.get("typ") != typ and set(header) <= {"alg", "kid", "typ"}:
        raise Refused("wrong_type")
    if not same or list(header) != ["alg", "kid", "typ"]:
        raise Refused("malformed")
    # The key is found by its ID and by what it signs, and the algorithm is the key's: the header only may agree.
    key = next((k for k in keys if k.get("kid") == header["kid"] and k.get("signs") == typ), None)
    if key is None:
        raise Refused("unknown_issuer")
    if header["alg"] != key.get("alg") or key["alg"] not in ("EdDSA", "ES256"):
        raise Refused("bad_signature")
    try:
        jwt.PyJWS().decode(raw, jwt.PyJWK(key).key, algorithms=[key["alg"]])
    except jwt.PyJWTError:
        raise Refused("bad_signature")
    if key["alg"] == "ES256" and int.from_bytes(unpack(raw.split(".")[2])[32:], "big") > P256_ORDER // 2:
        raise Refused("bad_signature")  # the second spelling that every ECDSA signature has
    return payload


P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


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


def claims_of(payload, issuer):
    """The claims of a card, by the rules of docs/card-format.md, section 1."""
    try:
        claims = json.loads(payload)
        require(isinstance(claims, dict) and compact(claims) == payload)
    except (ValueError, RecursionError):
        raise Refused("invalid_claims")
    names = ["iss", "jti", "iat", "exp", "name", "crs"] + [n for n in ("status", "nbf") if n in claims]
    require(list(claims) == names and claims["iss"] == issuer)
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
    number = place["uri"].rsplit("/", 1)[1]
    where = f"{lists}/{number}" if re.match("https?://", lists) else f"{lists}/{number}.jwt"
    try:
        claims = json.loads(open_token(fetch(where, 6 << 20), "statuslist+jwt", keys, 6 << 20))
        iat, exp, bits = claims["iat"], claims["exp"], claims["status_list"]["bits"]
        if claims["sub"] != place["uri"] or not is_time(iat) or not is_time(exp) or bits not in (1, 2, 4, 8):
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
    text = text.rsplit("/c/", 1)[-1]
    if re.fullmatch("[0-9]+", text, re.ASCII):
        pairs = [int(text[i : i + 2]) for i in range(0, len(text), 2)]
        if len(text) % 2 or len(text) > 4096 or max(pairs) > 77:
            raise Refused("malformed")
        return "".join(chr(p + 45) for p in pairs)
    return text


def check(text, issuer, keys, lists, now):
    """The code of the verdict, and what to say of it."""
    try:
        claims = claims_of(open_token(token_of(text), "card+jwt", keys, 2048), issuer)
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--issuer", required=True, help="the origin whose cards you believe")
    parser.add_argument("--keys", help="its JWK Set (default: ISSUER/.well-known/jwks.json)")
    parser.add_argument("--lists", help="its status lists (default: ISSUER/s)")
    parser.add_argument("--at", help="judge as of this time, such as 2026-11-21T08:00:00Z")
    parser.add_argument("card", nargs="+")
    o = parser.parse_args()
    now = int(datetime.datetime.fromisoformat(o.at.replace("Z", "+00:00")).timestamp() if o.at else time.time())
    try:
        keys = json.loads(fetch(o.keys or o.issuer + "/.well-known/jwks.json", 1 << 20))["keys"]
    except Exception as problem:
        print(f"nothing was checked: the keys can't be had: {problem}", file=sys.stderr)
        return 2
    codes = []
    for card in o.card:
        code, text = check(card, o.issuer, keys, (o.lists or o.issuer + "/s").rstrip("/"), now)
        print(f"{code}: {text}" if text else code)
        codes.append(code)
    return 0 if set(codes) == {"valid"} else 1


if __name__ == "__main__":
    sys.exit(main())
