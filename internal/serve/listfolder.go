package serve

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cardproof/cardproof/internal/durable"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify/statuslist"
)

// ListFile is the name of a status list in a folder of them.
func ListFile(n int64) string { return strconv.FormatInt(n, 10) + listSuffix }

const listSuffix = ".jwt"

// maxListFile is more than any list that statuslist.Open takes.
const maxListFile = 8 << 20

// listFolder hands out the status lists that another program signs and puts into a folder. It believes nothing that is there:
// each file is opened as strictly as anybody would who asks for it, once, and then only looked at for whether it was exchanged.
type listFolder struct {
	dir    string
	issuer string
	keys   statuslist.KeyFinder
	now    func() time.Time
	mu     sync.Mutex
	log    *slog.Logger
	held   map[int64]*heldList
}

// heldList is a list in hand, and what came of the last look at its file.
type heldList struct {
	file os.FileInfo // nil where there was none
	err  error       // what is wrong with that file
	list statuslist.Published
	// keyID is the key that signed the list.
	keyID string
}

func newListFolder(dir, issuer string, set statuslist.KeyFinder, now func() time.Time, log *slog.Logger) *listFolder {
	return &listFolder{dir: dir, issuer: issuer, keys: set, now: now, log: log, held: map[int64]*heldList{}}
}

// StatusList is the list in the folder, or the one in hand where that file is gone, damaged or older: it counts until it expires.
func (f *listFolder) StatusList(n int64) (statuslist.Published, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	path := filepath.Join(f.dir, ListFile(n))
	info, err := os.Stat(path)
	h, ok := f.held[n]
	if !ok {
		if errors.Is(err, fs.ErrNotExist) && f.isBeyond(n) {
			return statuslist.Published{}, statuslist.ErrNoList
		}
		h = &heldList{}
		if err == nil {
			f.held[n] = h // what is remembered is bounded by what is in the folder
		}
	}
	switch {
	case err != nil:
		h.file, h.err = nil, err
	case h.file == nil || !os.SameFile(info, h.file) || !info.ModTime().Equal(h.file.ModTime()) || info.Size() != h.file.Size():
		h.file = info
		if h.err = f.load(path, n, h); h.err != nil {
			f.log.Error("a status list in the folder can't be served; one in hand counts until it expires", "error", h.err.Error())
		}
	}
	if k, ok := f.keys.Find(h.keyID); h.list.Raw != nil && (!ok || k.State == keys.Revoked) {
		// Whoever has a revoked key can write what he likes; the list in hand may be his.
		return statuslist.Published{}, fmt.Errorf("%w: %w", statuslist.ErrNoneNow, errRevokedKey)
	}
	if h.list.Raw == nil || (h.err != nil && !f.now().Before(h.list.ExpiresAt)) {
		return statuslist.Published{}, fmt.Errorf("%w: %w", statuslist.ErrNoneNow, h.err)
	}
	return h.list, nil
}

// isBeyond says whether a list is one that there has never been: lists are begun one after the other. In a folder without any, every
// list may only be missing.
func (f *listFolder) isBeyond(n int64) bool {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return false
	}
	last := int64(0)
	for _, e := range entries {
		name, _ := strings.CutSuffix(e.Name(), listSuffix)
		if have, ok := statuslist.Number(name); ok {
			last = max(last, have)
		}
	}
	return last > 0 && n > last
}

func (f *listFolder) load(path string, n int64, h *heldList) error {
	raw, err := readList(path)
	if err != nil {
		return err
	}
	opened, err := statuslist.Open(raw, statuslist.Expected{
		URI: statuslist.URI(f.issuer, n), Issuer: f.issuer, Keys: f.keys, Now: f.now(), After: h.list.IssuedAt,
	})
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	h.list, err = statuslist.Publish(raw, opened.Claims)
	h.keyID = opened.KeyID
	return err
}

// errRevokedKey says that a list in hand counts no more, for its key was taken back.
var errRevokedKey = errors.New("the key that signed it was revoked, or is gone from the key set")

func readList(path string) (string, error) {
	file, err := durable.OpenRegular(path)
	if err != nil {
		return "", err
	}
	defer file.Close() // it was only read
	data, err := io.ReadAll(io.LimitReader(file, maxListFile))
	return string(data), err
}

// ReadLists reads the lists in a folder that keys of the issuer have signed, and that still count. Any other file is passed
// over; a folder that is not there has none.
func ReadLists(dir, issuer string, set statuslist.KeyFinder, now time.Time) (map[int64]statuslist.Claims, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	lists := map[int64]statuslist.Claims{}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), listSuffix)
		n, isNumber := statuslist.Number(name)
		if !ok || !isNumber {
			continue
		}
		raw, err := readList(filepath.Join(dir, e.Name()))
		if err != nil {
			continue
		}
		opened, err := statuslist.Open(raw, statuslist.Expected{URI: statuslist.URI(issuer, n), Issuer: issuer, Keys: set, Now: now})
		if err == nil {
			lists[n] = opened.Claims
		}
	}
	return lists, nil
}
