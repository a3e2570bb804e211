package statuslist

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
)

// vector is a list of the draft's appendix, of which every place that is not named is 0.
type vector struct {
	Bits   int              `json:"bits"`
	Size   int              `json:"size"`
	Lst    string           `json:"lst"`
	Status map[int64]Status `json:"status"`
}

func vectors(t testing.TB) []vector {
	t.Helper()
	data, err := os.ReadFile("testdata/token-status-list.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) != 4 {
		t.Fatalf("got %d vectors, want one for each of the four widths", len(all))
	}
	return all
}

// The draft's lists read as it says, in every place, and ours of the same states hold the same bytes. Packed they may differ: two
// libraries may pack the same bytes in two ways.
func TestVectorsOfTheDraft(t *testing.T) {
	for _, v := range vectors(t) {
		l, err := Decode(v.Bits, v.Lst)
		if err != nil {
			t.Fatalf("%d bits: %v", v.Bits, err)
		}
		if l.Len() != v.Size || l.Bits() != v.Bits {
			t.Errorf("got %d places of %d bits, want %d of %d", l.Len(), l.Bits(), v.Size, v.Bits)
		}
		ours, err := New(v.Bits, v.Size)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range v.Status {
			if err := ours.Set(i, s); err != nil {
				t.Fatal(err)
			}
		}
		for i := range int64(v.Size) {
			if got, err := l.At(i); err != nil || got != v.Status[i] {
				t.Errorf("%d bits, place %d: got %d, %v, want %d", v.Bits, i, got, err, v.Status[i])
			}
		}
		if !bytes.Equal(ours.data, l.data) {
			t.Errorf("%d bits: our bytes are not the draft's", v.Bits)
		}
		packed, err := ours.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(v.Bits, packed)
		if err != nil || !bytes.Equal(again.data, l.data) {
			t.Errorf("%d bits: what we pack does not unpack to the draft's list: %v", v.Bits, err)
		}
		if len(packed) > len(v.Lst)*5/4 {
			t.Errorf("%d bits: packed to %d characters, want not much more than the draft's %d", v.Bits, len(packed), len(v.Lst))
		}
	}
}

// The small examples of section 4.1, byte by byte.
func TestOrderOfBits(t *testing.T) {
	for _, tc := range []struct {
		bits     int
		statuses []Status
		want     []byte
	}{
		{1, []Status{1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1}, []byte{0xb9, 0xa3}},
		{2, []Status{1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3}, []byte{0xc9, 0x44, 0xf9}},
		{4, []Status{1, 2, 15, 0}, []byte{0x21, 0x0f}},
		{8, []Status{1, 255}, []byte{0x01, 0xff}},
	} {
		l, err := New(tc.bits, len(tc.statuses))
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range tc.statuses {
			if err := errors.Join(l.Set(int64(i), ^s&l.mask()), l.Set(int64(i), s)); err != nil { // a place may change
				t.Fatal(err)
			}
		}
		if !bytes.Equal(l.data, tc.want) {
			t.Errorf("%d bits: got %x, want %x", tc.bits, l.data, tc.want)
		}
	}
}

func TestPlacesThatAreNotThere(t *testing.T) {
	l, err := New(2, 8)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int64{-1, 8, 1 << 40, -1 << 63} {
		if _, err := l.At(i); !errors.Is(err, ErrRange) {
			t.Errorf("At(%d): got %v, want %v", i, err, ErrRange)
		}
		if err := l.Set(i, 1); !errors.Is(err, ErrRange) {
			t.Errorf("Set(%d): got %v, want %v", i, err, ErrRange)
		}
	}
	if err := l.Set(0, 4); !errors.Is(err, ErrBits) {
		t.Errorf("a status of three bits in two: got %v, want %v", err, ErrBits)
	}
	if _, err := (List{}).At(0); !errors.Is(err, ErrRange) {
		t.Errorf("the zero list: got %v, want %v", err, ErrRange)
	}
	for _, tc := range []struct {
		bits, size int
		want       error
	}{{3, 8, ErrBits}, {0, 8, ErrBits}, {16, 8, ErrBits}, {2, 0, ErrRange}, {2, 3, ErrRange}, {2, -8, ErrRange}, {8, MaxUnpacked + 1, ErrTooLarge}} {
		if _, err := New(tc.bits, tc.size); !errors.Is(err, tc.want) {
			t.Errorf("New(%d, %d): got %v, want %v", tc.bits, tc.size, err, tc.want)
		}
	}
}

func pack(t testing.TB, data []byte, behind string) string {
	t.Helper()
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return base64url.EncodeToString(append(b.Bytes(), behind...))
}

func TestDecodeRefuses(t *testing.T) {
	good := pack(t, make([]byte, 32), "")
	raw, err := base64url.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	changed := slices.Clone(raw)
	changed[len(changed)-1] ^= 1
	var dictionary bytes.Buffer
	z, err := zlib.NewWriterLevelDict(&dictionary, 9, []byte("dictionary"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(z, "dictionary"); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		bits int
		lst  string
		want error
	}{
		"no bits":          {0, good, ErrBits},
		"three bits":       {3, good, ErrBits},
		"negative bits":    {-1, good, ErrBits},
		"empty":            {2, "", ErrPacking},
		"no zlib":          {2, "AAAA", ErrPacking},
		"padding":          {2, good + "=", ErrPacking},
		"standard base64":  {2, "+" + good[1:], ErrPacking},
		"a line feed":      {2, good[:4] + "\n" + good[4:], ErrPacking},
		"cut off":          {2, base64url.EncodeToString(raw[:len(raw)-1]), ErrPacking},
		"checksum":         {2, base64url.EncodeToString(changed), ErrPacking},
		"something behind": {2, pack(t, make([]byte, 32), "x"), ErrPacking},
		"a second stream":  {2, base64url.EncodeToString(append(slices.Clone(raw), raw...)), ErrPacking},
		"no state":         {2, pack(t, nil, ""), ErrPacking},
		"a dictionary":     {2, base64url.EncodeToString(dictionary.Bytes()), ErrPacking},
		"a bomb":           {2, pack(t, make([]byte, 20<<20), ""), ErrTooLarge},
		"one byte more":    {2, pack(t, make([]byte, MaxUnpacked+1), ""), ErrTooLarge},
		"too many packed":  {2, strings.Repeat("A", base64url.EncodedLen(MaxPacked)+2), ErrTooLarge},
	} {
		if l, err := Decode(tc.bits, tc.lst); !errors.Is(err, tc.want) || l.Len() != 0 {
			t.Errorf("%s: got %d places, %v, want %v", name, l.Len(), err, tc.want)
		}
	}
	if l, err := Decode(8, pack(t, make([]byte, MaxUnpacked), "")); err != nil || l.Len() != MaxUnpacked {
		t.Errorf("the largest list: got %d places, %v", l.Len(), err)
	}
}

// Every state of a card has a status, and only one that is in force reads 0.
func TestStatusOfEveryState(t *testing.T) {
	want := map[card.State]Status{card.Planned: 2, card.Issued: 0, card.Suspended: 2, card.Revoked: 1, card.Superseded: 3}
	got := map[card.State]Status{}
	for _, s := range []card.State{card.Planned, card.Issued, card.Suspended, card.Revoked, card.Superseded} {
		status, ok := Of(s)
		if !ok {
			t.Errorf("%s has no status", s)
		}
		got[s] = status
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, s := range []card.State{"", "withdrawn"} {
		if _, ok := Of(s); ok {
			t.Errorf("state %q has a status, though nobody knows what it means", s)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.Bits, v.Lst[:min(len(v.Lst), 200)])
	}
	f.Add(2, pack(f, make([]byte, 32), ""))
	f.Add(1, pack(f, []byte{0xb9, 0xa3}, ""))
	f.Fuzz(func(t *testing.T, bits int, lst string) {
		l, err := Decode(bits, lst)
		if err != nil {
			if !errors.Is(err, ErrBits) && !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrPacking) {
				t.Errorf("got an error of no kind: %v", err)
			}
			return
		}
		packed, err := l.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(bits, packed)
		if err != nil || !bytes.Equal(again.data, l.data) || len(l.data) > MaxUnpacked {
			t.Errorf("packed again it is another list: %v", err)
		}
	})
}

// BenchmarkPack is a full list of ours with one in ten withdrawn, packed.
func BenchmarkPack(b *testing.B) {
	l, err := New(Bits, Size)
	if err != nil {
		b.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range Size / 10 {
		if err := l.Set(random.Int64N(Size), Revoked); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, err := l.Encode(); err != nil {
			b.Fatal(err)
		}
	}
}
