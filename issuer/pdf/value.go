package pdf

import (
	"strconv"
	"strings"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/course"
)

// facts are what a course's frozen entry adds to a record.
type facts struct {
	hours, days, credits, rule string
}

// factsOf reads a frozen entry once for all cards of its course. An entry that is not there, or of another form, adds nothing.
func (d *Drawer) factsOf(catalogue string) facts {
	if catalogue == "" {
		return facts{}
	}
	if known, ok := d.facts.Load(catalogue); ok {
		return known.(facts)
	}
	var f facts
	if c, err := course.FromEntry(catalogue); err == nil {
		f = facts{figure(c.Hours), figure(float64(c.Days)), figure(c.Credits), ""}
		if c.Validity.Until == course.UntilEndOfMonth {
			f.rule = "to the end of the month"
		}
	}
	d.facts.Store(catalogue, f)
	return f
}

func figure(v float64) string {
	if v == 0 {
		return ""
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// values gives the fields of a card.
func (d *Drawer) values(c Content) func(string) string {
	r, f := c.Record, d.factsOf(c.Catalogue)
	validity, through := r.ExpiresOn.Validity()
	return func(field string) string {
		switch field {
		case "name":
			return r.Name
		case "number":
			return r.Number.String()
		case "completed":
			return r.Completed.Words()
		case "issued":
			return r.IssuedOn.Words()
		case "validity":
			return validity
		case "valid_through":
			return through
		case "rule":
			return f.rule
		case "hours":
			return f.hours
		case "days":
			return f.days
		case "credits":
			return f.credits
		case "instructor":
			return r.Instructor
		case "instructor_id":
			return r.InstructorID
		}
		if v := courseValue(field, r.Course, r.Qualification); v != "" {
			return v
		}
		return d.centreValue(field)
	}
}

func courseValue(field, code string, q card.Qualification) string {
	switch field {
	case "course":
		return q.Title
	case "code":
		return code
	case "level":
		return q.Level
	case "meets":
		return strings.Join(q.Meets, ", ")
	case "trained":
		return q.Trained
	}
	return ""
}

func (d *Drawer) centreValue(field string) string {
	switch field {
	case "centre":
		return d.centre.Name
	case "centre_id":
		return d.centre.ID
	case "address":
		return d.centre.Address
	case "phone":
		return d.centre.Phone
	case "host":
		return d.centre.CheckAt
	case "signatory":
		return d.centre.Signatory
	case "signatory_title":
		return d.centre.SignatoryTitle
	case "logo":
		return there(d.centre.Logo != nil)
	case "signature":
		return there(d.centre.Signature != nil)
	}
	return ""
}

func there(is bool) string {
	if is {
		return "yes"
	}
	return ""
}

// widestNumber has the widest symbols and the right check symbol.
const widestNumber card.Number = "WWWWWWWWWWWZ"

// longest gives the longest form of the fields that have one, for a design to be tried with before any card is.
func (d *Drawer) longest(noExpiry bool) func(string) string {
	day := card.Date{Year: 2026, Month: time.September, Day: 28}
	r := card.Record{Card: card.Card{Number: widestNumber}, Completed: day, IssuedOn: day, ExpiresOn: day}
	if noExpiry {
		r.ExpiresOn = card.NoExpiry
	}
	all := d.values(Content{Record: r})
	return func(field string) string {
		switch field {
		case "rule":
			return "to the end of the month"
		case "hours", "credits", "days":
			return "999.5"
		}
		return all(field)
	}
}
