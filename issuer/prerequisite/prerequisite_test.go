package prerequisite

import (
	"reflect"
	"strings"
	"testing"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/issuer/course"
)

func day(t *testing.T, s string) card.Date {
	t.Helper()
	d, err := card.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestReadClaims(t *testing.T) {
	for cell, want := range map[string]Claims{
		"":               {},
		" ; \n":          {},
		"7F3K-9QWX-2MTD": {Cards: []string{"7F3K-9QWX-2MTD"}},
		"7F3K 9QWX 2MTD; https://cards.example.org/n/ABC":    {Cards: []string{"7F3K 9QWX 2MTD", "https://cards.example.org/n/ABC"}},
		"external: ALS1 card: seen 2026-10-19":               {External: []External{{"", "ALS1 card: seen 2026-10-19"}}},
		"EXTERN:  ALS1,  Wien\nexterne: BLS":                 {External: []External{{"", "ALS1, Wien"}, {"", "BLS"}}},
		"external:":                                          {},
		"7F3K-9QWX-2MTD; external: BLS of Lyon":              {Cards: []string{"7F3K-9QWX-2MTD"}, External: []External{{"", "BLS of Lyon"}}},
		"external als1: Lyon 4711;external BLS: Wien":        {External: []External{{"ALS1", "Lyon 4711"}, {"BLS", "Wien"}}},
		"External ALS1, BLS: transcript; seen on 2026-10-19": {External: []External{{"ALS1", "transcript, seen on 2026-10-19"}, {"BLS", "transcript, seen on 2026-10-19"}}},
		"external: Lyon; 7F3K 9QWX 2MTD":                     {Cards: []string{"7F3K 9QWX 2MTD"}, External: []External{{"", "Lyon"}}},
		"seen on 2026-10-19":                                 {Cards: []string{"seen on 2026-10-19"}},
	} {
		if got := ReadClaims(cell); !reflect.DeepEqual(got, want) {
			t.Errorf("ReadClaims(%q): got %+v, want %+v", cell, got, want)
		}
	}
}

// als1 is a card that meets the prerequisite in every respect.
func als1(t *testing.T) Held {
	h := Held{Names: []string{"Ana Slip", "Ana Silva"}}
	h.Number, h.Course, h.State, h.Name = "7F3K9QWX2MTD", "ALS1", card.Issued, "ANA  SILVA"
	h.Qualification.Meets = []string{"ALS1"}
	h.Completed, h.ExpiresOn = day(t, "2025-03-01"), day(t, "2027-03-01")
	return h
}

func TestJudge(t *testing.T) {
	external := []course.Prerequisite{{Course: "ALS1", External: true}}
	internal := []course.Prerequisite{{Course: "ALS1"}}
	both := []course.Prerequisite{{Course: "ALS1", External: true}, {Course: "BLS", External: true}}
	for name, c := range map[string]struct {
		prerequisites []course.Prerequisite
		completed     string
		cell          string
		change        func(*Held)
		none          bool // the register has no card
		evidence      string
		code          string
		says          string
	}{
		"a card in force":              {internal, "2026-11-07", "", nil, false, "ALS1 by card 7F3K-9QWX-2MTD", "", ""},
		"on its last day":              {internal, "2027-03-01", "", nil, false, "ALS1 by card 7F3K-9QWX-2MTD", "", ""},
		"on the day of both":           {internal, "2025-03-01", "", nil, false, "ALS1 by card 7F3K-9QWX-2MTD", "", ""},
		"the day after its last":       {internal, "2027-03-02", "", nil, false, "", Expired, "1 March 2027"},
		"completed later":              {internal, "2025-02-28", "", nil, false, "", Missing, "only on 1 March 2025"},
		"revoked":                      {internal, "2026-11-07", "", func(h *Held) { h.State = card.Revoked }, false, "", Missing, "for good"},
		"suspended":                    {internal, "2026-11-07", "", func(h *Held) { h.State = card.Suspended }, false, "", Missing, "for now"},
		"planned":                      {internal, "2026-11-07", "", func(h *Held) { h.State = card.Planned }, false, "", Missing, "not released"},
		"another's":                    {internal, "2026-11-07", "", func(h *Held) { h.Name, h.Names = "Rui Lima", nil }, false, "", Missing, "another name"},
		"a corrected name":             {internal, "2026-11-07", "", func(h *Held) { h.Name = "Ana Lima" }, false, "", Missing, `corrected from this name to "Ana Lima"`},
		"another learner ID":           {internal, "2026-11-07", "", func(h *Held) { h.Learner.ID = "L2" }, false, "", Missing, "another learner ID"},
		"another address":              {internal, "2026-11-07", "", func(h *Held) { h.Learner.Email = "other@example.org" }, false, "", Missing, "another e-mail"},
		"the same ID, a new address":   {internal, "2026-11-07", "", func(h *Held) { h.Learner = card.Learner{ID: "L1", Email: "old@example.org"} }, false, "ALS1 by card 7F3K-9QWX-2MTD", "", ""},
		"evidence beside a revoked":    {external, "2026-11-07", "external: ALS1 of Lyon", func(h *Held) { h.State = card.Revoked }, false, "", Missing, "for good"},
		"beside a suspended":           {external, "2026-11-07", "external: ALS1 of Lyon", func(h *Held) { h.State = card.Suspended }, false, "", Missing, "for now"},
		"beside a revoked one, over":   {external, "2028-01-01", "external: ALS1 of Lyon", func(h *Held) { h.State = card.Revoked }, false, "ALS1 by evidence of another centre: ALS1 of Lyon", "", ""},
		"evidence beside another's":    {external, "2026-11-07", "external: ALS1 of Lyon", func(h *Held) { h.Name, h.Names = "Rui Lima", nil }, false, "", Missing, "another name"},
		"evidence beside no card":      {external, "2026-11-07", "4711; external: ALS1 of Lyon", nil, true, "", Missing, "has not issued"},
		"one text for two":             {both, "2026-11-07", "external: seen at Lyon", nil, true, "", Missing, "whether it is of ALS1 or BLS"},
		"one text for the open one":    {both, "2026-11-07", "external: seen at Lyon", nil, false, "ALS1 by card 7F3K-9QWX-2MTD; BLS by evidence of another centre: seen at Lyon", "", ""},
		"a text for each":              {both, "2026-11-07", "external bls: of Lyon; external ALS1: of Wien", nil, true, "ALS1 by evidence of another centre: of Wien; BLS by evidence of another centre: of Lyon", "", ""},
		"named and unnamed":            {both, "2026-11-07", "external BLS: of Lyon; external: seen at Wien", nil, true, "ALS1 by evidence of another centre: seen at Wien; BLS by evidence of another centre: of Lyon", "", ""},
		"one text names one of two":    {both, "2026-11-07", "external BLS: of Lyon", nil, true, "BLS by evidence of another centre: of Lyon", Missing, "current ALS1"},
		"a text for what is not asked": {external, "2026-11-07", "external PALS: of Lyon", nil, true, "", Missing, "does not ask for"},
		"of another course":            {internal, "2026-11-07", "X", func(h *Held) { h.Course, h.Qualification.Meets, h.Claimed = "BLS", []string{"BLS"}, true }, false, "", Missing, "is of BLS"},
		"of a course that meets it":    {internal, "2026-11-07", "", func(h *Held) { h.Course, h.Qualification.Meets = "ALS2", []string{"ALS2", "ALS1"} }, false, "ALS1 by card 7F3K-9QWX-2MTD", "", ""},
		"none":                         {internal, "2026-11-07", "", nil, true, "", Missing, "issued none"},
		"named, and not there":         {internal, "2026-11-07", "ZZZZ-ZZZZ-ZZZZ", nil, true, "", Missing, "prior_card names"},
		"evidence of elsewhere":        {external, "2026-11-07", "external: ALS1 of Lyon", nil, true, "ALS1 by evidence of another centre: ALS1 of Lyon", "", ""},
		"evidence that is not taken":   {internal, "2026-11-07", "external: ALS1 of Lyon", nil, true, "", Missing, "takes no evidence"},
		"evidence without a word":      {external, "2026-11-07", "external: ", nil, true, "", Missing, "issued none"},
		"evidence of nothing":          {external, "2026-11-07", "external: none", nil, true, "", Missing, "does not say"},
		"a card beside a dash":         {external, "2026-11-07", "external: -", nil, false, "", Missing, "does not say"},
		"evidence beside an expired":   {external, "2028-01-01", "external: ALS1 of Lyon", nil, false, "ALS1 by evidence of another centre: ALS1 of Lyon", "", ""},
		"evidence with a bidi sign":    {external, "2026-11-07", "external: ALS1 \u202eof Lyon", nil, true, "", BadCharacter, "control"},
		"evidence without end":         {external, "2026-11-07", "external: " + strings.Repeat("x", 201), nil, true, "", TooLong, "200"},
		"two, of which one is absent":  {[]course.Prerequisite{{Course: "ALS1"}, {Course: "BLS"}}, "2026-11-07", "", nil, false, "ALS1 by card 7F3K-9QWX-2MTD", Missing, "current BLS"},
	} {
		t.Run(name, func(t *testing.T) {
			var held []Held
			if !c.none {
				h := als1(t)
				if c.change != nil {
					c.change(&h)
				}
				held = append(held, h)
			}
			evidence, refusals := Judge(&course.Course{Code: "ALS2", Prerequisites: c.prerequisites},
				Learner{Name: "Ana Silva", ID: "L1", Email: "ana@example.org", Completed: day(t, c.completed)}, ReadClaims(c.cell), held)
			if evidence != c.evidence {
				t.Errorf("got the evidence %q, want %q", evidence, c.evidence)
			}
			if c.code == "" {
				if len(refusals) > 0 {
					t.Errorf("got %+v, want no refusal", refusals)
				}
				return
			}
			if len(refusals) != 1 || refusals[0].Code != c.code || !strings.Contains(refusals[0].Message, c.says) || refusals[0].Remedy == "" {
				t.Errorf("got %+v, want one %s that says %q, with a remedy", refusals, c.code, c.says)
			}
		})
	}
}
