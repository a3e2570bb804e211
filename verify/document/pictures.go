package document

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/photo"
	"github.com/cardproof/cardproof/verify/scan"
)

// The reasons for which a file may hold more cards than were found.
var (
	ErrPictures = errors.New("a picture in it can't be read")
	ErrTime     = errors.New("the time for it was over")
	ErrMore     = errors.New("it holds more pictures or symbols than are read")
	ErrGraphic  = errors.New("a page is a picture, or drawn without text, and has no QR code that can be read")
	ErrUnread   = errors.New("a QR code in it can't be read")
)

// readPictures finds the cards in the pictures of the pages, and gives the pages with one, from 0. A picture that can't be read, or not to
// its end, is noted in Unread.
func (f *File) readPictures(ctx context.Context, d scan.Document, memory int64) (found map[int]bool) {
	found = map[int]bool{}
	read := map[int][]string{} // by object: a picture may be on many pages
	for n, p := range d.Pages {
		if p.Cut {
			f.unread(n+1, ErrMore)
		}
		var cards []int
		for _, strips := range joined(p.Pictures) {
			object := strips[0].Object
			texts, known := read[object]
			if !known || object == 0 || len(strips) > 1 {
				var err error
				if texts, err = readPicture(ctx, strips, memory); err != nil {
					f.unread(n+1, err)
				}
				if len(strips) == 1 {
					read[object] = texts
				}
			}
			for _, text := range texts {
				i := f.add(verify.ReadInput(text), n+1)
				f.links = append(f.links, link{text, n + 1, i})
				if !slices.Contains(cards, i) {
					cards = append(cards, i)
				}
			}
		}
		if len(cards) > 0 {
			found[n] = true
			f.pictured(n+1, p, cards)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return found
}

// notePictures notes the pages that could show a card, and of which nothing was checked: found has those with a card in a picture.
func (f *File) notePictures(d scan.Document, found map[int]bool) {
	for n, p := range d.Pages {
		if p.Graphic && len(p.Codes) == 0 && !found[n] {
			f.Blank = append(f.Blank, n+1)
		}
	}
}

// pictured notes the cards that were read from pictures alone. Text that can be seen around them is compared as that of any page is; what a
// scanner writes under its picture for searching can't be seen, and is often misread.
func (f *File) pictured(number int, p scan.Page, cards []int) {
	at := slices.IndexFunc(f.pages, func(q printedPage) bool { return q.number == number })
	if at >= 0 && len(f.pages[at].cards) > 0 {
		return // it has a code that is drawn
	}
	if f.State == Unsealed {
		f.State = Pictured
	}
	page := pageOf(number, p)
	page.cards = cards
	switch {
	case len(page.lines) == 0 || p.Hidden:
	case at >= 0:
		f.pages[at] = page
	default:
		f.pages = append(f.pages, page)
	}
}

func (f *File) unread(page int, err error) {
	if f.Unread == nil {
		f.Unread = fmt.Errorf("page %d: %w", page, err)
	}
}

// joined groups the pictures of a page: scanners cut a page into strips, and a symbol may lie across two of them. The strips of a group are
// as wide as each other, stand one below the other, and are in the order from top to bottom.
func joined(all []scan.Picture) [][]scan.Picture {
	var groups [][]scan.Picture
	for _, p := range all {
		if n := len(groups); n > 0 {
			g := groups[n-1]
			switch first, last := g[0], g[len(g)-1]; {
			case isBelow(last, p):
				groups[n-1] = append(g, p)
				continue
			case isBelow(p, first):
				groups[n-1] = slices.Insert(g, 0, p)
				continue
			}
		}
		groups = append(groups, []scan.Picture{p})
	}
	return groups
}

// isBelow says whether q goes on where p ends, to a pixel.
func isBelow(p, q scan.Picture) bool {
	if p.Width != q.Width || p.Right <= p.Left || q.Right <= q.Left {
		return false
	}
	pixel := (p.Right - p.Left) / float64(p.Width)
	near := func(a, b float64) bool { return math.Abs(a-b) <= pixel }
	return near(p.Left, q.Left) && near(p.Right, q.Right) && near(p.Bottom, q.Top)
}

// readPicture reads a picture, or the strips of one.
func readPicture(ctx context.Context, strips []scan.Picture, memory int64) ([]string, error) {
	whole := &image.Gray{Stride: strips[0].Width, Rect: image.Rect(0, 0, strips[0].Width, 0)}
	for _, p := range strips {
		if err := mayGoOn(ctx); err != nil {
			return nil, err
		}
		img, err := openPicture(p, memory)
		switch {
		case err != nil:
		case len(strips) == 1:
			whole = img
		default:
			err = below(whole, img, memory)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrPictures, err)
		}
	}
	return texts(ctx, whole)
}

func openPicture(p scan.Picture, memory int64) (*image.Gray, error) {
	jpeg, img, err := p.Open(memory)
	if err == nil && jpeg != nil {
		img, err = photo.Decode(jpeg, memory)
	}
	return img, err
}

// below puts a strip below what is there already.
func below(whole, strip *image.Gray, memory int64) error {
	w, h := whole.Rect.Dx(), strip.Rect.Dy()
	if strip.Rect.Dx() != w || int64(len(whole.Pix)+w*h)*2 > memory || whole.Rect.Dy()+h > photo.MaxSide {
		return photo.ErrTooLarge
	}
	for y := range h {
		whole.Pix = append(whole.Pix, strip.Pix[y*strip.Stride:y*strip.Stride+w]...)
	}
	whole.Rect.Max.Y += h
	return nil
}

// mayGoOn says whether there is time and work left for another picture: to unpack one takes much too.
func mayGoOn(ctx context.Context) error {
	if ctx.Err() != nil {
		return ErrTime
	}
	if w := photo.WorkOf(ctx); w != nil && w.IsOver() {
		return ErrMore
	}
	return nil
}

// texts are those of all symbols in a picture. The error says why there may be more: ErrTime, ErrMore or ErrUnread.
func texts(ctx context.Context, img *image.Gray) ([]string, error) {
	found, err := photo.Read(ctx, img)
	var all []string
	for _, s := range found {
		all = append(all, s.Text)
	}
	switch {
	case err == nil:
		return all, nil
	case ctx.Err() != nil:
		return all, ErrTime
	case errors.Is(err, photo.ErrUnread):
		return all, ErrUnread
	}
	return all, ErrMore
}

// ReadPicture reads a photograph: every card in it, each once. The error is that of photo.Decode, or ErrNoCard; with ErrNoCard, Unread may
// say why that is not certain.
func ReadPicture(ctx context.Context, data []byte, memory int64) (File, error) {
	if err := mayGoOn(ctx); err != nil {
		return File{Unread: err}, ErrNoCard
	}
	img, err := photo.Decode(data, memory)
	if err != nil {
		return File{}, err
	}
	f := File{State: Pictured}
	all, err := texts(ctx, img)
	f.Unread = err
	for _, text := range all {
		f.links = append(f.links, link{text, 0, f.add(verify.ReadInput(text), 0)})
	}
	if len(f.Cards) == 0 {
		return File{Unread: f.Unread}, ErrNoCard
	}
	return f, nil
}
