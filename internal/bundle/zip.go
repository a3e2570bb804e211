// Package bundle puts many cards together for an office: a ZIP of their files, written as it streams, and the lists of them.
package bundle

import (
	"archive/zip"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
	"time"
)

// Zip writes a ZIP file. The same calls give the same bytes. It is for one goroutine.
//
// The directory at the end of the file is what makes it one: without Close no program opens it as a whole one. It is all that stays in
// memory, about 400 bytes an entry. Large files and many entries get the ZIP64 form (APPNOTE.TXT, 4.3.14).
type Zip struct{ w *zip.Writer }

// NewZip begins a ZIP file on w, which is only ever written forwards.
func NewZip(w io.Writer) *Zip { return &Zip{zip.NewWriter(w)} }

// Put adds a file of the given time. It is stored as it is: deflating a sealed PDF again saves a fifth of it, for three times the work, and
// its bytes would be those of one version of the compressor. Its length and checksum stand before it, so that also programs that read a ZIP forwards can take it.
func (z *Zip) Put(name string, at time.Time, data []byte) error {
	h := header(name, at)
	h.Method = zip.Store
	h.CRC32 = crc32.ChecksumIEEE(data)
	h.CompressedSize64, h.UncompressedSize64 = uint64(len(data)), uint64(len(data))
	w, err := z.w.CreateRaw(h)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// Create adds a file whose length is not known before, deflated: a list. What is written goes into it until the next call of z.
func (z *Zip) Create(name string, at time.Time) (io.Writer, error) {
	h := header(name, at)
	h.Method, h.Extra = zip.Deflate, nil // CreateHeader adds the same
	return z.w.CreateHeader(h)
}

// Close writes the directory. Leave it out where the file is not to be taken for a whole one.
func (z *Zip) Close() error { return z.w.Close() }

const (
	utf8Names     = 1 << 11 // APPNOTE.TXT, 4.4.4, bit 11
	version20     = 20
	extendedTime  = 0x5455 // of Info-ZIP: seconds of Unix, which need no time zone
	timeModified  = 1
	extendedBytes = 5
)

func header(name string, at time.Time) *zip.FileHeader {
	h := &zip.FileHeader{Name: name, Flags: utf8Names}
	h.SetMode(0o644)
	h.CreatorVersion |= version20
	h.ReaderVersion = version20
	//lint:ignore SA1019 CreateRaw writes the fields of MS-DOS as they are, and nothing else sets them
	h.SetModTime(at.UTC())
	if seconds := at.Unix(); seconds >= 0 && seconds <= math.MaxInt32 {
		h.Extra = binary.LittleEndian.AppendUint16(h.Extra, extendedTime)
		h.Extra = binary.LittleEndian.AppendUint16(h.Extra, extendedBytes)
		h.Extra = append(h.Extra, timeModified)
		h.Extra = binary.LittleEndian.AppendUint32(h.Extra, uint32(seconds))
	}
	return h
}
