// Package intake checks what people hand in: PDFs, photographs, ZIP files and folders of them. Every card in each is found and judged,
// and what holds no card, or can't be read to its end, is a result too: nothing is passed over in silence.
//
// What is handed in comes from strangers. Nothing of it is written to disk, no name in it is used as a path, and size, number, memory and
// time have limits.
package intake

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/document"
	"github.com/cardproof/cardproof/verify/photo"
	"github.com/cardproof/cardproof/verify/scan"
	"github.com/cardproof/cardproof/verify/seal"
)

// Limits are what one file, or all that is handed in together, may take.
type Limits struct {
	File     int64         // bytes of one file, also within a ZIP
	Files    int           // in all folders and ZIPs together
	Unpacked int64         // bytes of all files of one ZIP
	Memory   int64         // bytes of one unpacked picture
	Time     time.Duration // for one file
}

// Office is what an office may hand in on its own machine.
var Office = Limits{File: scan.MaxFile, Files: 20_000, Unpacked: 2 << 30, Memory: photo.MaxMemory, Time: 2 * time.Minute}

// Public is what a stranger may hand in at a public server.
var Public = Limits{File: 20 << 20, Files: 1_000, Unpacked: 64 << 20, Memory: 110 << 20, Time: 20 * time.Second}

// The reasons for which a file is not read.
var (
	ErrKind      = errors.New("neither a PDF nor a PNG, JPEG or WebP picture nor a ZIP file")
	ErrHEIC      = errors.New("a picture in the form HEIC")
	ErrTooLarge  = errors.New("too large")
	ErrTooMany   = errors.New("more files than can be checked at once")
	ErrEncrypted = errors.New("locked with a password")
	ErrTwofold   = errors.New("of two kinds at once")
	ErrNested    = errors.New("a ZIP file within a ZIP file")
	ErrLink      = errors.New("a symbolic link")
	ErrSpecial   = errors.New("neither a file nor a folder")
	ErrBroken    = errors.New("broken")
	ErrOpen      = errors.New("it can't be opened")
	ErrEmpty     = errors.New("empty")
	ErrUnsigned  = errors.New("a QR code that is no card's")
	ErrNoFile    = errors.New("no file in it")
)

// Checker judges tokens and numbers; *verify.Checker is one.
type Checker interface {
	CheckToken(ctx context.Context, text string) (verify.Verdict, error)
	CheckNumber(ctx context.Context, typed string) (verify.Verdict, error)
}

// Item is one file that was handed in, not opened yet.
type Item struct {
	Name string // for people only: the file's own, with that of the ZIP or folder it is in
	open func(limit int64) ([]byte, error)
}

// refused is an item that can only be told of.
func refused(name string, err error) Item {
	return Item{name, func(int64) ([]byte, error) { return nil, err }}
}

// Result is the verdict on one card, or that a file has none.
type Result struct {
	Verdict verify.Verdict
	Name    string         // of the item
	Page    int            // of a PDF, from 1; 0 where there is none
	File    *document.File // that the card is in; nil where none was found
	Input   verify.Input   // what the file says: the zero value where no card was found
	// Problem says why the file gave no card, or not all: then Verdict is malformed, or unavailable where time was over. It is nil for a card.
	Problem error
	// LeadsTo says where the link leads that was given in place of a file, if not to the issuer.
	LeadsTo string
	Err     error // the register could not be asked about this card
}

// Desk reads items and has their cards judged. It is safe for concurrent use.
type Desk struct {
	Checker Checker
	Trust   seal.Trust // for the seals of PDFs
	Centre  string     // the name of the issuer
	Origins []string   // where links of its cards lead, as https://cards.example.org; none where that is not judged
	Now     func() time.Time
	Limits  Limits
}

// Check gives the results for an item, one at least, each about one card. An error means that the register could not be asked about one of
// them, or that ctx ended.
func (d *Desk) Check(ctx context.Context, it Item) ([]Result, error) {
	file, err := d.read(ctx, it)
	if ctx.Err() != nil {
		return []Result{d.failed(it, document.ErrTime)}, ctx.Err()
	}
	if err != nil {
		if errors.Is(err, document.ErrNoCard) && file.Unread != nil {
			err = file.Unread
		}
		return []Result{d.failed(it, err)}, nil
	}
	return d.judgeAll(ctx, it, file)
}

// judgeAll asks about the cards of a file, and adds what of it was not checked.
func (d *Desk) judgeAll(ctx context.Context, it Item, file *document.File) (results []Result, failure error) {
	signed := make([]*card.Record, len(file.Cards))
	for i, in := range file.Cards {
		r := d.judge(ctx, it, in)
		r.Page, r.File = file.Pages[i], file
		failure = errors.Join(failure, r.Err)
		signed[i] = r.Verdict.Card
		results = append(results, r)
	}
	file.Compare(signed, d.Centre, d.Origins...)
	if file.Unread != nil {
		results = append(results, d.failed(it, file.Unread))
	}
	for _, page := range file.Blank {
		r := d.failed(it, document.ErrGraphic)
		r.Page = page
		results = append(results, r)
	}
	return results, failure
}

// judge asks about one card of a file. What holds a number alone is none: whoever can draw a QR can draw that one.
func (d *Desk) judge(ctx context.Context, it Item, in verify.Input) Result {
	if in.Token == "" {
		return d.failed(it, ErrUnsigned)
	}
	v, err := d.Checker.CheckToken(ctx, in.Token)
	return Result{Verdict: v, Name: it.Name, Input: in, Err: err}
}

func (d *Desk) failed(it Item, err error) Result {
	code := verify.Malformed
	if errors.Is(err, document.ErrTime) {
		code = verify.Unavailable
	}
	return Result{Verdict: verify.Verdict{Code: code, CheckedAt: d.Now().UTC().Truncate(time.Second)}, Name: it.Name, Problem: err}
}

// read finds the cards in an item.
func (d *Desk) read(ctx context.Context, it Item) (*document.File, error) {
	data, err := it.open(d.Limits.File)
	if err != nil {
		return nil, err
	}
	if len(data) == 0 {
		return nil, ErrEmpty
	}
	ctx, cancel := context.WithTimeout(ctx, d.Limits.Time)
	defer cancel()
	var f document.File
	k := kindOf(data)
	if isTwofold(it.Name, k, data) {
		return nil, ErrTwofold
	}
	switch k {
	case pdfKind:
		f, err = document.Read(ctx, data, d.Trust, d.Now(), d.Limits.Memory)
	case pictureKind:
		f, err = document.ReadPicture(ctx, data, d.Limits.Memory)
	case zipKind:
		return nil, ErrNested // one that is not within another was opened before
	case heicKind:
		return nil, ErrHEIC
	default:
		return nil, ErrKind
	}
	return &f, err
}

// readAll reads a file of at most limit bytes.
func readAll(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return nil, ErrBroken
	case int64(len(data)) > limit:
		return nil, ErrTooLarge
	}
	return data, nil
}
