// Reads {"jwks":…,"tokens":[…],"lists":[{"token":…,"uri":…,"index":…}],"issuer":"…","clock":"…"} and answers with the claims of each token and
// the state at each place of a list, or null for what is refused. It is what
// a hospital's own program would do: nothing but the public keys and the library as its manual shows it.
import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import { createLocalJWKSet, jwtVerify } from "jose";

const { jwks, tokens, lists, issuer, clock } = JSON.parse(readFileSync(0, "utf8"));
const keys = createLocalJWKSet(jwks);
const options = { issuer, typ: "card+jwt", algorithms: ["EdDSA", "Ed25519", "ES256"], currentDate: new Date(clock), requiredClaims: ["jti", "exp"] };

const nullWhereRefused = async (work) => {
  try {
    return await work();
  } catch (e) {
    if (!e.code?.startsWith("ERR_")) throw e;
    return null;
  }
};

const cards = [];
for (const token of tokens) {
  cards.push(await nullWhereRefused(async () => (await jwtVerify(token, keys, options)).payload));
}
const states = [];
for (const { token, uri, index } of lists) {
  states.push(await nullWhereRefused(async () => {
    const { payload } = await jwtVerify(token, keys, { ...options, issuer: undefined, typ: "statuslist+jwt", subject: uri, requiredClaims: ["exp", "sub"] });
    const { bits, lst } = payload.status_list;
    const bytes = inflateSync(Buffer.from(lst, "base64url"));
    return (bytes[Math.floor((index * bits) / 8)] >> ((index * bits) % 8)) & ((1 << bits) - 1);
  }));
}
console.log(JSON.stringify({ cards, states }));
