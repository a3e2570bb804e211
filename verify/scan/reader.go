package scan

import (
	"bytes"
	"compress/zlib"
	"io"
	"sync"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// Reader reads many files of the same kind, as those of a batch are. What the codes of a typeface mean is the same in most of them, and
// is worked out once for the same bytes. The zero Reader is ready, and safe for concurrent use.
type Reader struct {
	cmaps  memory[map[int]string] // by their streams, as they stand in the file
	values memory[types.Object]   // of the plain form, by what stands in the file
}

// memory keeps what was worked out for the same bytes before. What is in it is never written again.
type memory[T any] struct {
	mu   sync.Mutex
	kept map[string]T
}

// keptMost, keptLeast and keptLongest bound what is remembered: how many, and of how many bytes in the file. What is shorter is read as
// quickly as it is found.
const (
	keptMost    = 32
	keptLeast   = 256
	keptLongest = 8 << 10
)

// of gives what was worked out for the same bytes, or works it out.
func (m *memory[T]) of(raw []byte, work func() (T, error)) (T, error) {
	if len(raw) < keptLeast || len(raw) > keptLongest {
		return work()
	}
	m.mu.Lock()
	v, ok := m.kept[string(raw)]
	m.mu.Unlock()
	if ok {
		return v, nil
	}
	v, err := work()
	if err != nil {
		return v, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil || len(m.kept) == keptMost {
		m.kept = make(map[string]T)
	}
	m.kept[string(raw)] = v
	return v, nil
}

// isPlain says whether a stream is compressed in the one way that Cardproof writes, in a file of the plain form.
func (s *source) isPlain(stream types.StreamDict) bool {
	_, ok := s.file.(*plain)
	f := stream.FilterPipeline
	return ok && len(f) == 1 && f[0].Name == "FlateDecode" && f[0].DecodeParms == nil
}

// decode undoes a stream's compression, of at most so many bytes. Of a file in the plain form, it has to be whole and without a byte
// behind it; pdfcpu puts up with less.
func (s *source) decode(stream types.StreamDict, limit int) ([]byte, error) {
	if !s.isPlain(stream) {
		stream.Content = nil
		err := stream.DecodeWithLimit(int64(limit))
		return stream.Content, err
	}
	packed := bytes.NewReader(stream.Raw)
	if s.inflater == nil {
		z, err := zlib.NewReader(packed)
		if err != nil {
			return nil, err
		}
		s.inflater = z
	} else if err := s.inflater.(zlib.Resetter).Reset(packed, nil); err != nil {
		return nil, err
	}
	out := bytes.NewBuffer(make([]byte, 0, min(limit, 4*len(stream.Raw))+bytes.MinRead))
	n, err := out.ReadFrom(io.LimitReader(s.inflater, int64(limit)+1))
	switch {
	case err != nil:
		return nil, err
	case n > int64(limit):
		return nil, ErrTooLarge
	case packed.Len() > 0:
		return nil, errNotPlain
	}
	return out.Bytes(), nil
}
