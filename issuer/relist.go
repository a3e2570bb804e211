package issuer

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"

	"github.com/cardproof/cardproof/card"
)

// relist brings a cards.csv that is in the folder up to date with a replacement: the old card is in force no more, and the new one stands
// below it. A folder without such a list gets none. It answers whether there was one.
func (f *folder) relist(old card.Standing, l ManifestLine) (bool, error) {
	data, err := f.old(ManifestName)
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrFolder, err)
	}
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil || len(rows) == 0 || !slices.Equal(rows[0], manifestHeading) {
		return false, nil // it is no list of cards
	}
	rows = slices.DeleteFunc(rows, func(row []string) bool { return row[1] == l.Number.String() })
	fresh, at := l.columns(), len(rows)
	if n := slices.IndexFunc(rows, func(row []string) bool { return row[1] == old.Number.String() }); n >= 0 {
		rows[n][slices.Index(manifestHeading, "file")], rows[n][slices.Index(manifestHeading, "state")] = "", string(old.State)
		fresh[0], at = rows[n][0], n+1
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.WriteAll(slices.Insert(rows, at, fresh)) // a Buffer takes everything; Error would tell
	return true, errors.Join(w.Error(), f.write(ManifestName, b.Bytes()))
}
