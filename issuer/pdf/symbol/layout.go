package symbol

import (
	"reflect"

	qrcode "github.com/skip2/go-qrcode"
)

// layout is a text as go-qrcode has laid it out.
type layout struct {
	version int
	bits    int    // of data that count; their number is not always that of whole bytes
	data    []byte // the segments, to be padded
	blocks  []blocks
}

// blocks are so many blocks of the same form (ISO/IEC 18004, table 9).
type blocks struct {
	count, data, total int // data and total are codewords of one block
}

// read takes the layout out of fields that go-qrcode keeps to itself. Reflection may look at them, and needs neither package unsafe
// nor a directive of the linker. It says false where they don't have the form that is known here.
func read(q *qrcode.QRCode) (l layout, ok bool) {
	object := reflect.ValueOf(q).Elem()
	version, data := object.FieldByName("version"), object.FieldByName("data")
	if data.Kind() != reflect.Pointer || version.Kind() != reflect.Struct {
		return layout{}, false
	}
	count, list := data.Elem().FieldByName("numBits"), version.FieldByName("block")
	bits := data.Elem().FieldByName("bits")
	if count.Kind() != reflect.Int || list.Kind() != reflect.Slice || bits.Type() != reflect.TypeFor[[]byte]() {
		return layout{}, false
	}
	l = layout{version: q.VersionNumber, bits: int(count.Int()), data: bits.Bytes()}
	room := 0
	for i := range list.Len() {
		b := list.Index(i)
		n, total, of := b.FieldByName("numBlocks"), b.FieldByName("numCodewords"), b.FieldByName("numDataCodewords")
		if n.Kind() != reflect.Int || total.Kind() != reflect.Int || of.Kind() != reflect.Int {
			return layout{}, false
		}
		l.blocks = append(l.blocks, blocks{int(n.Int()), int(of.Int()), int(total.Int())})
		room += 8 * int(n.Int()*of.Int())
	}
	return l, l.version <= mostVersion && l.bits > 0 && l.bits <= room && l.bits <= 8*len(l.data)
}

// codewords pads the data, adds the error correction of each block, and interleaves the blocks (ISO/IEC 18004, 7.4.10 to 7.6).
func (l layout) codewords() []byte {
	data, total, longest, parity := 0, 0, 0, 0
	for _, b := range l.blocks {
		data, total, longest, parity = data+b.count*b.data, total+b.count*b.total, max(longest, b.data), b.total-b.data
	}
	padded := make([]byte, data)
	used := copy(padded, l.data[:(l.bits+7)/8])
	if l.bits+4 > 8*used && used < data { // the terminator, four zeros, begins one byte more
		used++
	}
	for i := used; i < data; i++ {
		padded[i] = [2]byte{0xec, 0x11}[(i-used)%2]
	}
	gen := generator(parity)
	var split, check [][]byte
	for _, b := range l.blocks {
		for range b.count {
			split, check = append(split, padded[:b.data]), append(check, remainder(padded[:b.data], gen))
			padded = padded[b.data:]
		}
	}
	return append(interleave(make([]byte, 0, total), split, longest), interleave(nil, check, parity)...)
}

// interleave appends the first byte of every block, then the second, and so on; some blocks are shorter by one.
func interleave(to []byte, from [][]byte, longest int) []byte {
	for i := range longest {
		for _, b := range from {
			if i < len(b) {
				to = append(to, b[i])
			}
		}
	}
	return to
}
