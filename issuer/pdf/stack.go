package pdf

import "github.com/cardproof/cardproof/issuer/pdf/design"

// row is a cell of a stack that shows something.
type row struct {
	*cell
	text   string
	broken broken
	least  float64 // mm, without the label
	set    block
}

// layStack sets texts under each other. Where they are long together, all of them shrink, the first one the least, and the gaps with them.
func (i *item) layStack(value func(string) string) ([]setting, error) {
	rows, err := i.rows(value)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	for shrunk := 0.0; shrunk <= 1; shrunk += 0.05 {
		if tight := 1 - shrunk*(1-design.Tight); i.share(rows, tight, shrunk) {
			return i.placed(rows, tight, value)
		}
	}
	if !i.shareLeast(rows) {
		return nil, rows[0].fieldError(ErrTooLong)
	}
	return i.placed(rows, design.Tight, value)
}

// height is what a row takes, with its label, in mm.
func (r row) height() float64 {
	if r.rule != nil {
		return 0
	}
	return r.labelHeight() + r.set.height()
}

func (i *item) rows(value func(string) string) ([]row, error) {
	var rows []row
	for _, c := range i.cells {
		if c.rule != nil && len(rows) > 0 && !hidden(c.when, value) {
			rows = append(rows, row{cell: c})
			continue
		}
		text := c.content(value)
		if text == "" {
			continue
		}
		b, err := c.face.breakUp(text, i.box[2], c.codes())
		if err != nil {
			return nil, c.fieldError(err)
		}
		rows = append(rows, row{cell: c, text: text, broken: b, least: b.least()})
	}
	return rows, nil
}

// free is the height that the gaps and labels of rows leave for their texts, in mm.
func (i *item) free(rows []row, tight float64) float64 {
	left := i.box[3]
	for n, r := range rows {
		left -= r.labelHeight()
		if n > 0 {
			left -= r.gap * tight
		}
	}
	return left
}

// share sets all rows so much smaller than their largest, 0 to 1 of the way to their least, and says whether they fit. None gets larger
// than the first: the course must not be louder than its holder.
func (i *item) share(rows []row, tight, shrunk float64) bool {
	left := i.free(rows, tight)
	for n := range rows {
		if rows[n].rule != nil {
			continue
		}
		by := shrunk
		if n == 0 {
			by *= shrunk
		}
		f := rows[n].face
		most := f.Size - by*(f.Size-f.Least)
		if n > 0 {
			most = max(f.Least, min(most, rows[0].set.size))
		}
		b, ok := rows[n].broken.at(most)
		if !ok {
			return false
		}
		rows[n].set = b
		left -= b.height()
	}
	return left >= -1e-9
}

// shareLeast gives each row the height that those below it do not need at their smallest.
func (i *item) shareLeast(rows []row) bool {
	left := i.free(rows, design.Tight)
	for n := range rows {
		below := 0.0
		for _, r := range rows[n+1:] {
			below += r.least
		}
		if rows[n].rule != nil {
			continue
		}
		most := rows[n].face.Size
		if n > 0 {
			most = max(rows[n].face.Least, min(most, rows[0].set.size))
		}
		b, ok := rows[n].broken.within(left-below, most)
		if !ok {
			return false
		}
		rows[n].set = b
		left -= b.height()
	}
	return true
}

// placed puts rows under each other. A tall first one reaches into the free space above the stack, by no more than it is taller than
// a Latin text of its size.
func (i *item) placed(rows []row, tight float64, value func(string) string) ([]setting, error) {
	x, width, y := i.box[0], i.box[2], i.box[1]
	if i.valign == "middle" {
		height := 0.0
		for n, r := range rows {
			height += r.height()
			if n > 0 {
				height += r.gap * tight
			}
		}
		y += (i.box[3] - height) / 2
	}
	first := rows[0].set
	usual := first.mm(capHeight + first.Leading*float64(len(first.lines)-1))
	free := i.lift - first.mm(first.lines[0].Top-capHeight-first.over())
	y -= max(0, min(first.height()-usual, free))
	var out []setting
	for n, r := range rows {
		if n > 0 {
			y += r.gap * tight
		}
		if r.rule != nil {
			out = append(out, setting{x: x, y: y, rule: r.rule, stroke: r.stroke})
			continue
		}
		label, err := r.labelled(value, x, y, width)
		if err != nil {
			return nil, err
		}
		y += r.labelHeight()
		out = append(out, label...)
		out = append(out, setting{block: r.set, x: x, width: width, y: y + r.set.mm(r.set.over()+capHeight), fields: r.fields, text: r.text})
		y += r.set.height()
	}
	return out, nil
}
