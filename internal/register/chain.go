package register

import (
	"crypto/rand"
	"crypto/sha256"
	"strconv"
)

// The chain makes the history of cards and keys one piece: each entry's hash covers the entry before it, so that nothing can be altered, taken
// out or put in between without every later hash, and the head, being another. What it covers is written in one way, netstrings
// (D. J. Bernstein, 1997): a text or a number in decimal digits as length, colon, bytes, comma; NULL as "-,". docs/decisions/0031-erasure.md
// lists every field, so that a program of somebody else's can walk the chain too.
//
// What is private is in it by salted hashes alone: the words of an event (reason and detail), and the row of its card. The salt stands
// beside the event and goes with the words when they are erased.

// The tags keep the three kinds of hashes apart, and say which form they have.
const (
	chainTag = "cardproof chain 1"
	wordsTag = "cardproof words 1"
	cardTag  = "cardproof card 1"
)

// The logs that are chained.
const (
	cardLog = "events"
	keyLog  = "key_events"
)

const saltBytes = 16

func newSalt() []byte {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	return salt
}

// netstrings appends values as the database hands them over: nil, int64, string or []byte.
func netstrings(b []byte, values ...any) []byte {
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			b = append(b, '-')
		case int64:
			var digits [20]byte
			b = netstring(b, strconv.AppendInt(digits[:0], v, 10))
		case string:
			b = netstring(b, v)
		case []byte:
			b = netstring(b, v)
		default:
			panic("register: a value of another kind in the chain")
		}
		b = append(b, ',')
	}
	return b
}

func netstring[T string | []byte](b []byte, v T) []byte {
	b = strconv.AppendInt(b, int64(len(v)), 10)
	b = append(b, ':')
	return append(b, v...)
}

// Head is the last entry of the chain: its number, from 1 on, and its hash. It stands for all that was before it.
type Head struct {
	Seq  int64
	Hash [32]byte
}

// linkUp is the hash of the entry behind head. facts are the columns of the event that are nobody's private data; words and card are
// hashes, and empty for a key.
func linkUp(head Head, log string, entry int64, facts []any, words, card []byte) Head {
	b := netstrings(make([]byte, 0, 512), chainTag, head.Hash[:], head.Seq+1, log, entry)
	b = netstrings(b, facts...)
	b = netstrings(b, words, card)
	return Head{head.Seq + 1, sha256.Sum256(b)}
}

// hashWords is the hash of what an event says in words.
func hashWords(salt []byte, reason, detail string) []byte {
	sum := sha256.Sum256(netstrings(make([]byte, 0, 256), wordsTag, salt, reason, detail))
	return sum[:]
}

// cardColumns are the columns of cards c that a card's hash covers, in its order. Behind them come the hashes of its rows in the
// catalogue and in batches. It is every column but those two keys.
const cardColumns = `c.seq, c.number, c.issuer, c.issued_at, c.expires_at, c.not_before, c.name, c.course, c.status_list, c.status_idx,
	c.key_id, c.digest, c.completed, c.issued_on, c.expires_on, c.instructor, c.state, c.changed_at, c.recorded_at, c.replaced_by,
	c.learner_id, c.email, c.name_fold, c.class, c.instructor_id, c.token, c.sha256, c.replaces, c.renews, c.evidence, c.language`

const cardColumnCount = 31

// hashCard is the hash of a card's row. values are those of cardColumns, course and batch the hashes of the rows that it points at.
func hashCard(salt []byte, values []any, course, batch []byte) []byte {
	b := netstrings(make([]byte, 0, 2048), cardTag, salt)
	b = netstrings(b, values...)
	sum := sha256.Sum256(netstrings(b, course, batch))
	return sum[:]
}

// hashRow is the hash of a row of the catalogue or of batches.
func hashRow(values []any) []byte {
	sum := sha256.Sum256(netstrings(make([]byte, 0, 512), values...))
	return sum[:]
}
