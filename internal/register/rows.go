package register

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/cardproof/cardproof/card"
)

// publicColumns are those of card.Record but what the catalogue holds of it, in the order of recordRow.dest. In every
// query of cards these are c, and the catalogue is q.
const publicColumns = `c.number, c.issuer, c.issued_at, c.expires_at, c.not_before, c.name, c.course, c.status_list, c.status_idx,
	c.key_id, c.digest, c.catalogue, c.completed, c.issued_on, c.expires_on, c.instructor, c.instructor_id, c.state, c.changed_at,
	c.recorded_at, c.replaced_by`

// entryColumns are those of card.Entry but what the catalogue holds of it, in the order of entryRow.dest. They are of cards
// alone.
const entryColumns = publicColumns + `, c.learner_id, c.email, c.batch, c.class, c.token, c.sha256, c.replaces, c.renews,
	c.evidence, c.language, CASE c.state WHEN 'planned' THEN (SELECT b.held FROM batches b WHERE b.id = c.batch) ELSE 0 END`

// recordRow takes a row of publicColumns.
type recordRow struct {
	r                                card.Record
	catalogue                        int64
	issuedAt, expiresAt              int64
	notBefore, statusList, statusIdx sql.NullInt64
	completed, issuedOn, expiresOn   string
	changedAt, recordedAt            int64
	replacedBy                       sql.NullString
	digest                           []byte
}

func (x *recordRow) dest() []any {
	return []any{&x.r.Number, &x.r.Issuer, &x.issuedAt, &x.expiresAt, &x.notBefore, &x.r.Name, &x.r.Course,
		&x.statusList, &x.statusIdx, &x.r.KeyID, &x.digest, &x.catalogue, &x.completed, &x.issuedOn, &x.expiresOn,
		&x.r.Instructor, &x.r.InstructorID, &x.r.State, &x.changedAt, &x.recordedAt, &x.replacedBy}
}

// record turns the columns into a card. What can't be read was damaged or written by another program.
func (x *recordRow) record(says card.Qualification) (card.Record, error) {
	r := &x.r
	r.Qualification = says
	r.IssuedAt, r.ExpiresAt = fromUnix(x.issuedAt), fromUnix(x.expiresAt)
	r.ChangedAt, r.RecordedAt = fromUnix(x.changedAt), fromUnix(x.recordedAt)
	if x.notBefore.Valid {
		r.NotBefore = fromUnix(x.notBefore.Int64)
	}
	if x.statusList.Valid {
		r.Status = card.StatusSlot{List: x.statusList.Int64, Index: x.statusIdx.Int64}.Ref(r.Issuer)
	}
	r.ReplacedBy = card.Number(x.replacedBy.String)
	if copy(r.Digest[:], x.digest) != len(r.Digest) || len(x.digest) != len(r.Digest) {
		return card.Record{}, unreadable(r.Number, "digest")
	}
	for _, d := range []struct {
		column, text string
		to           *card.Date
	}{{"completed", x.completed, &r.Completed}, {"issued_on", x.issuedOn, &r.IssuedOn}, {"expires_on", x.expiresOn, &r.ExpiresOn}} {
		date, err := card.ParseDate(d.text)
		if err != nil {
			return card.Record{}, unreadable(r.Number, d.column)
		}
		*d.to = date
	}
	return *r, nil
}

func unreadable(n card.Number, column string) error {
	return fmt.Errorf("%w: card %s, column %s", ErrCorrupt, n, column)
}

// entryRow takes a row of entryColumns.
type entryRow struct {
	recordRow
	e                card.Entry
	replaces, renews sql.NullString
}

func (x *entryRow) dest() []any {
	return append(x.recordRow.dest(), &x.e.Learner.ID, &x.e.Learner.Email, &x.e.Batch, &x.e.Class,
		&x.e.Token, &x.e.SHA256, &x.replaces, &x.renews, &x.e.Evidence, &x.e.Learner.Language, &x.e.Held)
}

func (x *entryRow) entry(of frozen) (_ card.Entry, err error) {
	if x.e.Record, err = x.record(of.qualification); err != nil {
		return card.Entry{}, err
	}
	x.e.Catalogue = of.entry
	x.e.Replaces, x.e.Renews = card.Number(x.replaces.String), card.Number(x.renews.String)
	return x.e, nil
}

// signedColumns are what may be planned anew, in the order of signedValues.
var signedColumns = []string{"issuer", "issued_at", "expires_at", "not_before", "status_list", "status_idx", "key_id", "digest",
	"catalogue", "issued_on", "expires_on", "instructor"}

func signedValues(e *card.Entry, catalogue int64) ([]any, error) {
	list, index, err := statusSlot(e.Card)
	if err != nil {
		return nil, err
	}
	notBefore := sql.NullInt64{Int64: e.NotBefore.Unix(), Valid: !e.NotBefore.IsZero()}
	return []any{e.Issuer, e.IssuedAt.Unix(), e.ExpiresAt.Unix(), notBefore, list, index, e.KeyID, e.Digest[:],
		catalogue, e.IssuedOn.String(), e.ExpiresOn.String(), e.Instructor}, nil
}

// fixedColumns are what a card keeps from its first record on, in the order of fixedValues.
var fixedColumns = []string{"number", "name", "course", "completed", "state", "changed_at", "recorded_at", "learner_id", "email",
	"name_fold", "batch", "class", "instructor_id", "token", "sha256", "replaces", "renews", "evidence", "language"}

func fixedValues(e *card.Entry, in *card.Intention) []any {
	at := in.At.Unix()
	return []any{string(e.Number), e.Name, e.Course, e.Completed.String(), string(card.Planned), at, at, e.Learner.ID,
		foldEmail(e.Learner.Email), card.FoldName(e.Name), in.Batch, e.Class, e.InstructorID, "", "", nullable(e.Replaces),
		nullable(e.Renews), e.Evidence, e.Learner.Language}
}

// statusSlot reads the list's number out of the card's status URI, which card.Validate has checked to be <issuer>/s/<number>.
func statusSlot(c card.Card) (list, index sql.NullInt64, err error) {
	if c.Status == nil {
		return list, index, nil
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(c.Status.URI, c.Issuer+"/s/"), 10, 64)
	if err != nil {
		return list, index, err
	}
	return sql.NullInt64{Int64: n, Valid: true}, sql.NullInt64{Int64: c.Status.Index, Valid: true}, nil
}

func nullable(n card.Number) sql.NullString { return sql.NullString{String: string(n), Valid: n != ""} }

func foldEmail(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func fromUnix(s int64) time.Time { return time.Unix(s, 0).UTC() }

func placeholders(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// manyRows are the placeholders of rows behind VALUES.
func manyRows(rows, columns int) string {
	return strings.TrimSuffix(strings.Repeat("("+placeholders(columns)+"), ", rows), ", ")
}
