// Reads {"jwks":…,"tokens":[…],"issuer":"…","clock":"…"} and answers with the claims of each token, or null for a refused one. It is what
// a hospital's own program would do: nothing but the public keys and the library as its manual shows it.
import { readFileSync } from "node:fs";
import { createLocalJWKSet, jwtVerify } from "jose";

const { jwks, tokens, issuer, clock } = JSON.parse(readFileSync(0, "utf8"));
const keys = createLocalJWKSet(jwks);
const options = { issuer, typ: "card+jwt", algorithms: ["EdDSA", "Ed25519", "ES256"], currentDate: new Date(clock), requiredClaims: ["jti", "exp"] };

const answers = [];
for (const token of tokens) {
  try {
    answers.push((await jwtVerify(token, keys, options)).payload);
  } catch (e) {
    if (!e.code?.startsWith("ERR_")) throw e;
    answers.push(null);
  }
}
console.log(JSON.stringify(answers));
