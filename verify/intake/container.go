package intake

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"mime"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"
)

// Batch is what was handed in together.
type Batch struct {
	Items []Item
	// Passed are the files in folders and ZIPs that were passed over: what the system keeps for itself there, and the lists that Cardproof itself
	// writes beside cards. Who reads the answer is told of them.
	Passed []string
	// Folders counts the folders and the ZIPs among what was added.
	Folders int

	limits Limits
	open   []io.Closer
}

// NewBatch is an empty batch.
func NewBatch(limits Limits) *Batch { return &Batch{limits: limits} }

// Close closes the ZIPs and folders, after which no item can be read.
func (b *Batch) Close() error {
	var err error
	for _, c := range b.open {
		err = errors.Join(err, c.Close())
	}
	return err
}

// AddAs adds a file that is in memory and came with a media type, as over HTTP. One that is handed over as a PDF has to be one, as one that is
// called so.
func (b *Batch) AddAs(name, mediaType string, data []byte) {
	kind, _, err := mime.ParseMediaType(mediaType)
	if k := kindOf(data); err == nil && kind == "application/pdf" && (k == pictureKind || k == zipKind) {
		b.add(refused(name, ErrTwofold))
		return
	}
	b.Add(name, data)
}

// Add adds a file that is in memory: a ZIP with all that is in it.
func (b *Batch) Add(name string, data []byte) {
	if kindOf(data) == zipKind {
		// Its list takes more memory than bytes; many entries are much of it.
		if bytes.Count(data, listOfZIP) > b.limits.Files {
			b.add(refused(name, ErrTooMany))
			return
		}
		b.addZIP(name, bytes.NewReader(data), int64(len(data)))
		return
	}
	b.add(Item{name, func(limit int64) ([]byte, error) {
		if int64(len(data)) > limit {
			return nil, ErrTooLarge
		}
		return data, nil
	}})
}

// AddPath adds a file, or a folder with all that is in it and below. The error is that of os.Stat: nothing has that name.
func (b *Batch) AddPath(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		b.add(refused(name, ErrSpecial))
		return nil
	}
	if !info.IsDir() { // named by the person: a link is what it leads to
		b.addFile(name, func() (fs.File, error) { return os.Open(name) })
		return nil
	}
	root, err := os.OpenRoot(name) // no link in it leads out of it
	if err != nil {
		b.add(refused(name, ErrOpen))
		return nil
	}
	b.open = append(b.open, root)
	b.addFolder(name, root.FS())
	return nil
}

// AddMissing adds a file that is not there.
func (b *Batch) AddMissing(name string) { b.add(refused(name, ErrOpen)) }

// addFolder adds the files of a folder, in the order of their names.
func (b *Batch) addFolder(name string, folder fs.FS) {
	b.Folders++
	before := len(b.Items)
	_ = fs.WalkDir(folder, ".", func(p string, entry fs.DirEntry, err error) error { // what goes wrong is an item
		shown := path.Join(filepath.ToSlash(name), p)
		switch {
		case b.full():
			return fs.SkipAll
		case err != nil:
			b.add(refused(shown, ErrOpen))
			if entry != nil && entry.IsDir() {
				return fs.SkipDir
			}
		case entry.IsDir():
		case entry.Type()&fs.ModeSymlink != 0:
			b.add(refused(shown, ErrLink))
		case !entry.Type().IsRegular():
			b.add(refused(shown, ErrSpecial))
		case isPassed(p, func() (io.ReadCloser, error) { return folder.Open(p) }):
			b.Passed = append(b.Passed, shown)
		default:
			b.addFile(shown, func() (fs.File, error) { return folder.Open(p) })
		}
		return nil
	})
	if len(b.Items) == before {
		b.add(refused(name, ErrNoFile))
	}
}

// addFile adds a file on disk. It is opened for a moment: whether it is a ZIP, its first bytes say.
func (b *Batch) addFile(name string, open func() (fs.File, error)) {
	f, err := open()
	if err != nil {
		b.add(refused(name, ErrOpen))
		return
	}
	head := make([]byte, 4)
	_, _ = io.ReadFull(f, head) // what is too short is no ZIP
	if kindOf(head) == zipKind {
		info, err := f.Stat()
		at, ok := f.(io.ReaderAt)
		if err != nil || !ok {
			b.add(refused(name, errors.Join(ErrOpen, f.Close())))
			return
		}
		b.open = append(b.open, f)
		b.addZIP(name, at, info.Size())
		return
	}
	if err := f.Close(); err != nil {
		b.add(refused(name, ErrOpen))
		return
	}
	b.add(Item{name, func(limit int64) ([]byte, error) {
		f, err := open()
		if err != nil {
			return nil, ErrOpen
		}
		defer f.Close() // it was only read
		if info, err := f.Stat(); err != nil || info.Size() > limit {
			return nil, ErrTooLarge
		}
		return readAll(f, limit)
	}})
}

// addZIP adds the files of a ZIP. What its list says of their sizes is believed only where it is too much.
func (b *Batch) addZIP(name string, at io.ReaderAt, size int64) {
	b.Folders++
	z, err := zip.NewReader(at, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // names are only shown
		b.add(refused(name, ErrBroken))
		return
	}
	if isPDFToo(name, z, at, size) {
		b.add(refused(name, ErrTwofold))
		return
	}
	var left atomic.Int64 // bytes that the files together may still take
	left.Store(b.limits.Unpacked)
	files := 0
	for _, f := range z.File {
		if b.full() {
			return
		}
		shown := name + ": " + CleanName(f.Name)
		switch {
		case f.Mode().IsDir() || strings.HasSuffix(f.Name, "/"):
			continue
		case f.Mode()&fs.ModeSymlink != 0:
			b.add(refused(shown, ErrLink))
		case f.Flags&1 != 0: // APPNOTE.TXT, 4.4.4
			b.add(refused(shown, ErrEncrypted))
		case isPassed(f.Name, f.Open):
			b.Passed = append(b.Passed, shown)
			continue
		default:
			b.add(Item{shown, func(limit int64) ([]byte, error) { return unpack(f, limit, &left) }})
		}
		files++
	}
	if files == 0 {
		b.add(refused(name, ErrNoFile))
	}
}

// unpack reads a file of a ZIP. All of them together take from what is left, as many of them may lie in the same bytes.
func unpack(f *zip.File, limit int64, left *atomic.Int64) ([]byte, error) {
	if f.UncompressedSize64 > uint64(limit) || int64(f.UncompressedSize64) > left.Load() {
		return nil, ErrTooLarge
	}
	r, err := f.Open()
	if err != nil {
		return nil, ErrBroken
	}
	defer r.Close() // it was only read
	data, err := readAll(r, min(limit, int64(f.UncompressedSize64)))
	if left.Add(-int64(f.UncompressedSize64)) < 0 {
		return nil, ErrTooLarge
	}
	return data, err
}

// full says whether there is room for no more; the first time it says so in an item.
func (b *Batch) full() bool {
	if len(b.Items) < b.limits.Files {
		return false
	}
	if len(b.Items) == b.limits.Files {
		b.Items = append(b.Items, refused("…", ErrTooMany))
	}
	return true
}

func (b *Batch) add(it Item) {
	if !b.full() {
		b.Items = append(b.Items, it)
	}
}

// maxName is how much of a stranger's name for a file is kept, in characters.
const maxName = 120

// CleanName makes a stranger's name for a file fit to be shown: no control characters, none that change the direction of what follows, and
// not too long. It is still no path to be opened.
func CleanName(name string) string {
	runes := []rune(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return utf8.RuneError
		}
		return r
	}, name))
	if len(runes) > maxName {
		runes = append([]rune("…"), runes[len(runes)-maxName+1:]...) // the end tells more
	}
	return string(runes)
}

var (
	ownLists = regexp.MustCompile(`^(cards(-[0-9]+)?\.csv|problems(-[0-9]+)?\.(csv|xlsx))$`)
	// What a run that was killed has left of its files, whole or not, in its output folder or in the archive, where names have a SHA-256.
	leftOver = regexp.MustCompile(`^\.([0-9A-Z]{12}(-[0-9a-f]{64})?\.pdf|cards\.csv|problems\.(csv|xlsx)|cardproof-)[0-9]+$`)
	// What stands in a folder that is an archive, beside the folders of the cards.
	archiveBit = regexp.MustCompile(`^\.(shared(-[0-9]+)?|anew)$`)
	systemBit  = []string{".DS_Store", "Thumbs.db", "desktop.ini"}
)

// isPassed says whether a file in a folder or a ZIP is none that a person has put there. Its name alone does not tell: with the bytes of a
// PDF, a picture or a ZIP it is looked at as any other is, but for half a file that Cardproof has left. Only the workbook that Cardproof writes is a ZIP itself.
func isPassed(name string, open func() (io.ReadCloser, error)) bool {
	base := path.Base(name)
	if leftOver.MatchString(base) {
		return true
	}
	if !slices.Contains(systemBit, base) && !ownLists.MatchString(base) && !archiveBit.MatchString(base) && !strings.HasPrefix(name, "__MACOSX/") {
		return false
	}
	f, err := open()
	if err != nil {
		return false // which is told then
	}
	defer f.Close() // it was only read
	head, err := io.ReadAll(io.LimitReader(f, headLength))
	if err != nil {
		return false
	}
	if kindOf(head) == zipKind && path.Ext(base) == ".xlsx" {
		return !bytes.Contains(head, pdfMark)
	}
	return kindOf(head) == otherKind
}
