package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/internal/bundle"
	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/durable"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/keys"
)

// judge says which cards may be handed out.
type judge struct {
	keys      *keys.Set
	allStates bool // also those that were out once
}

// state is a card's state, where one that fell with its key is none in force.
func (j judge) state(e card.Entry) card.State {
	if e.State == card.Issued {
		k, ok := j.keys.Find(e.KeyID)
		if !ok || !k.InUse(e.IssuedAt) || !k.Believes(e.RecordedAt) {
			return bundle.KeyRevoked
		}
	}
	return e.State
}

func (j judge) line(e card.Entry) bundle.Line {
	l := bundle.Line{Entry: e, State: j.state(e)}
	// A planned card has a file, too, where it waits for its release: nobody shall have it yet.
	if l.State == card.Issued || j.allStates && l.State != card.Planned && !e.IsErased() {
		l.File = bundle.FileName(e.Number, e.Name)
	}
	return l
}

// exporter is one run of export.
type exporter struct {
	*app
	config *config.Config
	flags  exportFlags
	cards  *register.Cards
	judge  judge
	links  *links // of --links, from when they are made on; else nil
	result exported
}

// The memory that Go keeps for an export: what the program needs anyway, and the directory of the ZIP, which grows with each entry.
const (
	baseMemory     = 8 << 20
	memoryOfAnItem = 400
)

// holdMemory has Go clear up in time: nearly all that an export allocates is done with at once. It returns what takes that back.
func holdMemory(cards int) (restore func()) {
	before := debug.SetMemoryLimit(-1) // it only answers
	debug.SetMemoryLimit(min(before, baseMemory+int64(cards)*memoryOfAnItem))
	return func() { debug.SetMemoryLimit(before) }
}

func (e *exporter) run(ctx context.Context, words string) error {
	defer holdMemory(e.cards.Len())()
	e.result = exported{LeftOut: map[card.State]int{}, ZIP: e.flags.zip, Merge: e.flags.merge, BadAddress: []string{}, BadName: []string{}}
	err := e.cards.Each(ctx, func(entry card.Entry) error {
		if l := e.judge.line(entry); l.File != "" {
			e.result.Cards++
		} else {
			e.result.LeftOut[l.State]++
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	if e.result.Cards == 0 {
		return fail(exitFailed, fmt.Errorf("no card of %s is in force", words), "`cardproof show --batch BATCH` shows where the cards of a batch stand; --all-states takes those that were withdrawn or replaced.")
	}
	if e.flags.zip != "" {
		if err := e.to(e.flags.zip, func(w io.Writer) error { return e.writeZip(ctx, w) }); err != nil {
			return err
		}
	}
	if e.flags.links {
		if err := e.makeLinks(ctx); err != nil {
			return err
		}
	}
	if e.flags.merge != "" {
		if err := e.to(e.flags.merge, func(w io.Writer) error { return e.writeMerge(ctx, w) }); err != nil {
			return err
		}
	}
	return e.sayExported(e.result)
}

// to writes a file whole or not at all, or to standard output. Only who exports may read it: it has names and addresses.
func (e *exporter) to(path string, write func(io.Writer) error) error {
	if path == "-" {
		return write(e.stdout)
	}
	return durable.StreamFile(path, 0o600, write)
}

// maxDamaged is how many missing or damaged files are named.
const maxDamaged = 20

// writeZip writes the files, each when it was compared with the register, and behind them the list. After the first that is missing or
// damaged nothing more is written, and the others are only looked at.
func (e *exporter) writeZip(ctx context.Context, w io.Writer) error {
	counted := &counter{w: w}
	z := bundle.NewZip(counted)
	files, err := e.openArchive(e.config)
	if err != nil {
		return err
	}
	step, end := e.bar("collecting", e.result.Cards)
	defer end()
	packer := &packer{files: files, zip: z, step: step}
	var newest time.Time
	err = e.cards.Each(ctx, func(entry card.Entry) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		l := e.judge.line(entry)
		if l.File == "" {
			return nil
		}
		if entry.IssuedAt.After(newest) {
			newest = entry.IssuedAt
		}
		return packer.add(ctx, l)
	})
	if err == nil {
		err = packer.flush(ctx)
	}
	if err == nil && packer.damaged != nil {
		err = damagedFiles(packer.damaged, "Nothing was handed out. "+restoreArchive)
	}
	if err != nil {
		return err
	}
	if err := e.writeManifest(ctx, z, newest); err != nil {
		return err
	}
	err = z.Close()
	e.result.Bytes = counted.n
	return err
}

// packer brings files from the archive into a ZIP, a group at a time.
type packer struct {
	files   archive.Archive
	zip     *bundle.Zip
	step    func(int) // may be nil
	lines   []bundle.Line
	wanted  []archive.Wanted
	damaged []error
}

func (p *packer) add(ctx context.Context, l bundle.Line) error {
	p.lines, p.wanted = append(p.lines, l), append(p.wanted, archive.Wanted{Number: l.Entry.Number, SHA256: l.Entry.SHA256})
	if len(p.lines) < archive.GroupSize {
		return nil
	}
	return p.flush(ctx)
}

func (p *packer) flush(ctx context.Context) error {
	for i, file := range archive.GetGroup(ctx, p.files, p.wanted) {
		switch {
		case errors.Is(file.Err, archive.ErrMissing), errors.Is(file.Err, archive.ErrAltered):
			p.damaged = append(p.damaged, file.Err)
		case file.Err != nil:
			return file.Err
		case p.damaged == nil:
			if err := p.zip.Put(p.lines[i].File, p.lines[i].Entry.IssuedAt, file.Data); err != nil {
				return err
			}
		}
	}
	if p.step != nil {
		p.step(len(p.lines))
	}
	p.lines, p.wanted = p.lines[:0], p.wanted[:0]
	return nil
}

// damagedFiles names the cards whose files can't be had; hint says what to do.
func damagedFiles(all []error, hint string) error {
	hints := []string{hint}
	for i, err := range all[1:] {
		if i+1 == maxDamaged {
			hints = append(hints, fmt.Sprintf("... and %d more", len(all)-maxDamaged))
			break
		}
		hints = append(hints, err.Error())
	}
	return fail(exitFailed, all[0], hints...)
}

// writeManifest adds the list of all cards of the selection. It stands last: what was cut off has none.
func (e *exporter) writeManifest(ctx context.Context, z *bundle.Zip, at time.Time) error {
	w, err := z.Create(bundle.ManifestName, at)
	if err != nil {
		return err
	}
	m, err := bundle.NewManifest(w, e.config.Issuer.VerifyURL)
	if err != nil {
		return err
	}
	if err := e.cards.Each(ctx, func(entry card.Entry) error { return m.Add(e.judge.line(entry)) }); err != nil {
		return err
	}
	return m.Flush()
}

// writeMerge writes the list for a mail program, with the cards that are handed out.
func (e *exporter) writeMerge(ctx context.Context, w io.Writer) error {
	o := bundle.MergeOptions{VerifyURL: e.config.Issuer.VerifyURL, Separator: separators[e.flags.separator], Excel: e.flags.excel}
	if e.links != nil {
		o.Link = e.links.of
	}
	m, err := bundle.NewMerge(w, o)
	if err != nil {
		return err
	}
	err = e.cards.Each(ctx, func(entry card.Entry) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if l := e.judge.line(entry); l.File != "" {
			return m.Add(l)
		}
		return nil
	})
	e.result.WithoutEmail, e.result.BadAddress, e.result.BadName = m.NoAddress(), numberTexts(m.Unsafe()), numberTexts(m.Guarded())
	return errors.Join(err, m.Flush())
}

// counter counts what is written.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}
