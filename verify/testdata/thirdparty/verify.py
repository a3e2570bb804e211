"""As verify.mjs, with PyJWT. It takes no clock, so that the times are left to the program; it knows no Ed25519 by its new name."""

import base64
import datetime
import json
import sys
import zlib

import jwt

asked = json.load(sys.stdin)
keys = {k.key_id: k for k in jwt.PyJWKSet.from_dict(asked["jwks"]).keys}
now = datetime.datetime.fromisoformat(asked["clock"].replace("Z", "+00:00")).timestamp()


def decode(token, typ, **more):
    """The claims of a token, or None where the library or the times refuse it."""
    try:
        header = jwt.get_unverified_header(token)
        options = {"verify_exp": False, "verify_iat": False, "require": ["exp"]}
        claims = jwt.decode(token, keys[header["kid"]].key, algorithms=["EdDSA", "ES256"], options=options, **more)
    except (jwt.PyJWTError, KeyError):
        return None
    return claims if header["typ"] == typ and now < claims["exp"] else None


def state(asked_list):
    claims = decode(asked_list["token"], "statuslist+jwt")
    if claims is None or claims["sub"] != asked_list["uri"]:
        return None
    bits, lst = claims["status_list"]["bits"], claims["status_list"]["lst"]
    data = zlib.decompress(base64.urlsafe_b64decode(lst + "=" * (-len(lst) % 4)))
    place = asked_list["index"] * bits
    return data[place // 8] >> place % 8 & (1 << bits) - 1


print(json.dumps({
    "cards": [decode(token, "card+jwt", issuer=asked["issuer"]) for token in asked["tokens"]],
    "states": [state(one) for one in asked["lists"]],
}))
