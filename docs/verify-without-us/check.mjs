// Checks cards with nothing of their issuer but its public keys and its status lists.
//
//   node check.mjs --issuer https://cards.example.org [--keys FILE|URL] [--lists FOLDER|URL] [--at TIME] CARD...
//
// CARD is what the QR holds: the address, its digits, or the token; - reads one from each line of the standard input, such as a
// scanner's. One line is printed for each card. The exit code is 0 where all are valid, 1 where one is not, 2 where nothing could be
// checked. Needs Node 20, and nothing else.

import { createPublicKey, verify } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { inflateSync } from 'node:zlib'

const SKEW = 60 // seconds that a beginning may lie ahead of our clock; an end has no leeway
const STATES = ['valid', 'revoked', 'suspended', 'superseded']
const P256_HALF = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n / 2n

// The card is refused; the message is the code of the verdict. Nothing of a refused card is printed.
class Refused extends Error {}

const refuse = (code) => { throw new Refused(code) }

// The bytes of canonical base64url: no padding, and no bits behind the last byte.
function unpack(text) {
  const data = Buffer.from(text, 'base64url')
  return data.toString('base64url') === text ? data : refuse('malformed')
}

// Reads JSON that is spelt as the issuer spells it: what does not encode to the bytes it was read from is refused.
function readExactly(data, code) {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data)
    const value = JSON.parse(text)
    if (JSON.stringify(value) === text && isObject(value)) return value
  } catch { /* refused below */ }
  return refuse(code)
}

const isObject = (v) => typeof v === 'object' && v !== null && !Array.isArray(v)
const isTime = (n) => Number.isInteger(n) && n >= 0 && n <= 2 ** 53
const isURL = (text) => /^https?:\/\//.test(text)
const has = (o, names) => JSON.stringify(Object.keys(o)) === JSON.stringify(names)

// The payload of a token whose envelope and signature are right, and the key that signed it.
function openToken(raw, typ, keys, longest) {
  if (raw.length > longest || !/^[\w-]+\.[\w-]+\.[\w-]*$/.test(raw)) refuse('malformed')
  const [head, payload, signature] = raw.split('.').map(unpack)
  const header = openHeader(head, typ)
  // The key is found by its ID and by what it signs, and the algorithm is the key's: the header only may agree.
  const key = keys.find((k) => k.kid === header.kid && k.signs === typ && k.state !== 'revoked') ?? refuse('unknown_issuer')
  if (header.alg !== key.alg || !verifies(key, raw.slice(0, raw.lastIndexOf('.')), signature)) refuse('bad_signature')
  return { payload, key }
}

// A header that has these three members and no other. A stranger's token is told apart from a broken one.
function openHeader(data, typ) {
  let header
  try { header = JSON.parse(data) } catch { refuse('malformed') }
  if (!isObject(header)) refuse('malformed')
  if (header.typ !== typ && Object.keys(header).every((n) => ['alg', 'kid', 'typ'].includes(n))) refuse('wrong_type')
  readExactly(data, 'malformed')
  if (!has(header, ['alg', 'kid', 'typ']) || !Object.values(header).every((v) => typeof v === 'string' && v.isWellFormed())) refuse('malformed')
  return header
}

function verifies({ alg, kty, crv, x, y }, message, signature) {
  if (signature.length !== 64) return false
  try {
    const key = createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' })
    if (['EdDSA', 'Ed25519'].includes(alg) && crv === 'Ed25519') return verify(null, Buffer.from(message), key, signature)
    if (alg !== 'ES256' || crv !== 'P-256') return false
    if (BigInt('0x' + signature.subarray(32).toString('hex')) > P256_HALF) return false // the second spelling that every ECDSA signature has
    return verify('sha256', Buffer.from(message), { key, dsaEncoding: 'ieee-p1363' }, signature)
  } catch { return false } // a key that is none
}

// A card number: 12 symbols of Crockford's base32, the last of which checks the others.
function isNumber(text) {
  let check = 0
  for (const c of text) {
    check = (check ^ '0123456789ABCDEFGHJKMNPQRSTVWXYZ'.indexOf(c)) << 1
    if (check & 32) check ^= 0b100101
  }
  return /^[0-9A-HJKMNP-TV-Z]{12}$/.test(text) && check === 0
}

// A name in NFC without characters that can't be seen or that turn the direction of text.
function isName(name) {
  return name.trim() === name && name.length > 0 && [...name].length <= 60 && name.normalize('NFC') === name &&
    !/[\p{Cc}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff\ufffd]/u.test(name)
}

// The claims of a card, by the rules of docs/card-format.md, section 1.
function claimsOf({ payload, key }, issuer) {
  const require = (fine) => fine || refuse('invalid_claims')
  const claims = readExactly(payload, 'invalid_claims')
  require(has(claims, ['iss', 'jti', 'iat', 'exp', 'name', 'crs', ...['status', 'nbf'].filter((n) => Object.hasOwn(claims, n))]))
  const { iss, jti, iat, exp, name, crs, status, nbf = 0 } = claims
  require(iss === issuer && (key.iss ?? issuer) === issuer && [jti, name, crs].every((v) => typeof v === 'string'))
  require([iat, exp, nbf].every(isTime) && exp > iat)
  require(isNumber(jti) && isName(name) && /^[A-Z0-9-]{1,16}$/.test(crs))
  if ('status' in claims) {
    require(isObject(status) && has(status, ['status_list']) && isObject(status.status_list))
    const { idx, uri } = status.status_list
    require(has(status.status_list, ['idx', 'uri']) && isTime(idx) && idx < 2 ** 17)
    require(typeof uri === 'string' && uri.startsWith(issuer + '/s/') && /^(0|[1-9][0-9]{0,8})$/.test(uri.slice(issuer.length + 3)))
  }
  return claims
}

// A file, or what an address answers.
async function fetchText(where, atMost) {
  if (!isURL(where)) return (await readFile(where, 'ascii')).trim()
  const answer = await fetch(where, { redirect: 'error', signal: AbortSignal.timeout(10_000) })
  if (answer.status !== 200) throw new Error(`${where} answered ${answer.status}`)
  const parts = []
  let length = 0
  for await (const part of answer.body) {
    if ((length += part.length) > atMost) throw new Error(`${where} is too large`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('ascii').trim()
}

// The state of a card, and as of when. Whatever is wrong with the list, the state is not known.
async function statusOf({ idx, uri }, lists, keys, now) {
  const [issuer, number] = uri.split('/s/')
  const unknown = (why) => ['status_unknown', why]
  try {
    const raw = await fetchText(`${lists}/${number}${isURL(lists) ? '' : '.jwt'}`, 6 << 20)
    const { payload, key } = openToken(raw, 'statuslist+jwt', keys, 6 << 20)
    const { sub, iat, exp, status_list: { bits, lst } } = readExactly(payload, 'no list')
    const another = sub !== uri || (key.iss ?? issuer) !== issuer
    if (another || !isTime(iat) || !isTime(exp) || ![1, 2, 4, 8].includes(bits)) return unknown('the list is of another address, or no list')
    if (now >= exp || iat > now + SKEW) return unknown(`the list counted from ${stamp(iat)} to ${stamp(exp)}`)
    const packed = unpack(lst)
    const { buffer: states, engine } = inflateSync(packed, { maxOutputLength: 1 << 20, info: true })
    if (engine.bytesWritten !== packed.length) return unknown('something stands behind the end of the list')
    const each = 8 / bits
    const state = (states[Math.floor(idx / each)] >> ((idx % each) * bits)) & (2 ** bits - 1)
    if (Math.floor(idx / each) >= states.length) return unknown('the list has no such place')
    return [STATES[state] ?? 'status_unknown', `status of ${stamp(iat)}, ${Math.max(0, now - iat)} seconds old`]
  } catch (problem) { // also one that we did not think of: it must not end as a valid card
    return unknown(`there is no status list that counts (${problem.message})`)
  }
}

function stamp(seconds) {
  const time = new Date(seconds * 1000)
  return Number.isNaN(time.getTime()) ? String(seconds) : time.toISOString().replace('.000Z', 'Z')
}

// The token of what a QR holds.
function tokenOf(text) {
  // An address that was copied from a page may ask something more.
  if (text.includes('/c/')) text = text.slice(text.lastIndexOf('/c/') + 3).split('?')[0]
  if (!/^[0-9]+$/.test(text)) return text
  if (text.length % 2 || text.length > 4096) refuse('malformed')
  const pairs = text.match(/../g).map(Number)
  if (Math.max(...pairs) > 77) refuse('malformed')
  return String.fromCharCode(...pairs.map((p) => p + 45))
}

// The code of the verdict, and what to say of it.
export async function check(text, issuer, keys, lists, now) {
  let claims
  try {
    claims = claimsOf(openToken(tokenOf(text), 'card+jwt', keys, 2048), issuer)
  } catch (refused) {
    if (refused instanceof Refused) return [refused.message, '']
    throw refused
  }
  let [code, why] = ['status_unknown', 'the card has no place in a list: ask its issuer']
  if (claims.status) [code, why] = await statusOf(claims.status.status_list, lists, keys, now)
  if (code === 'valid' || code === 'status_unknown') { // the other states are stronger than the times
    if (now >= claims.exp) code = 'expired'
    else if (now + SKEW < Math.max(claims.iat, claims.nbf ?? 0)) code = 'not_yet_valid'
  }
  return [code, `${claims.jti}, ${claims.name}, ${claims.crs}, until ${stamp(claims.exp)}; ${why}`]
}

// The issuer's keys.
async function keySet(where) {
  const { keys } = JSON.parse(await fetchText(where, 1 << 20))
  if (keys.some((k) => k.signs)) return keys
  throw new Error('no key in the set has "signs". The server is too old for this: ask its page /c/, and its operator for an update')
}

async function* allCards(args) {
  for (const arg of args) {
    if (arg === '-') yield* createInterface({ input: process.stdin, crlfDelay: Infinity })
    else yield arg
  }
}

function stop(text) {
  console.error(text)
  process.exit(2)
}

function options() {
  const text = { type: 'string' }
  try {
    const { values: o, positionals: cards } = parseArgs({ options: { issuer: text, keys: text, lists: text, at: text }, allowPositionals: true })
    if (o.issuer && cards.length && !(o.at && Number.isNaN(Date.parse(o.at)))) return { ...o, cards, issuer: o.issuer.replace(/\/+$/, '') }
  } catch { /* an option that is none */ }
  return stop('usage: node check.mjs --issuer URL [--keys FILE|URL] [--lists FOLDER|URL] [--at TIME] CARD...')
}

async function main() {
  const { issuer, keys: where, lists = issuer + '/s', at, cards } = options()
  const keys = await keySet(where ?? issuer + '/.well-known/jwks.json')
    .catch((problem) => stop(`nothing was checked: the keys can't be had: ${problem.message}`))
  const codes = new Set()
  for await (const card of allCards(cards)) {
    const [code, text] = await check(card, issuer, keys, lists.replace(/\/+$/, ''), Math.floor((at ? Date.parse(at) : Date.now()) / 1000))
    console.log(text ? `${code}: ${text}` : code)
    codes.add(code)
  }
  if (codes.size === 0) stop('nothing was checked: there is no card on the standard input')
  process.exitCode = codes.size === 1 && codes.has('valid') ? 0 : 1
}

await main()
