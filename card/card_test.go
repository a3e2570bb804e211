package card

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func sound() Card {
	return Card{
		Issuer: "https://cards.example.org", Number: "000000000000", IssuedAt: time.Unix(1_795_219_200, 0).UTC(),
		ExpiresAt: time.Unix(1_858_291_200, 0).UTC(), Name: "Zoë O’Connell-Byrne", Course: "BLS",
		Status: &StatusRef{Index: 5, URI: "https://cards.example.org/s/0"},
	}
}

func TestValidate(t *testing.T) {
	if err := sound().Validate(); err != nil {
		t.Fatalf("a sound card: %v", err)
	}
	for name, tc := range map[string]struct {
		spoil func(*Card)
		field string
	}{
		"plain http":         {func(c *Card) { c.Issuer = "http://cards.example.org" }, "issuer"},
		"trailing slash":     {func(c *Card) { c.Issuer += "/" }, "issuer"},
		"upper case issuer":  {func(c *Card) { c.Issuer = "https://Cards.example.org" }, "issuer"},
		"issuer with user":   {func(c *Card) { c.Issuer = "https://a@cards.example.org" }, "issuer"},
		"no number":          {func(c *Card) { c.Number = "" }, "number"},
		"hyphens in number":  {func(c *Card) { c.Number = "0000-0000-0000" }, "number"},
		"wrong check symbol": {func(c *Card) { c.Number = "000000000001" }, "number"},
		"before the epoch":   {func(c *Card) { c.IssuedAt = time.Unix(-1, 0) }, "issued_at"},
		"half a second":      {func(c *Card) { c.IssuedAt = c.IssuedAt.Add(time.Second / 2) }, "issued_at"},
		"beyond 2^53":        {func(c *Card) { c.ExpiresAt = time.Unix(MaxNumericDate+1, 0) }, "expires_at"},
		"ends as it begins":  {func(c *Card) { c.ExpiresAt = c.IssuedAt }, "expires_at"},
		"empty name":         {func(c *Card) { c.Name = " " }, "name"},
		"bidi override":      {func(c *Card) { c.Name = "Kim \u202eeciN" }, "name"},
		"bidi isolate":       {func(c *Card) { c.Name = "Kim \u2066Nice" }, "name"},
		"line feed":          {func(c *Card) { c.Name = "Kim\nNice" }, "name"},
		"not NFC":            {func(c *Card) { c.Name = "Zoe\u0308" }, "name"},
		"not UTF-8":          {func(c *Card) { c.Name = "Zo\xeb" }, "name"},
		"replacement rune":   {func(c *Card) { c.Name = "Zo\ufffd" }, "name"},
		"padded":             {func(c *Card) { c.Name = "Zoë " }, "name"},
		"61 runes":           {func(c *Card) { c.Name = strings.Repeat("é", 61) }, "name"},
		"small course code":  {func(c *Card) { c.Course = "bls" }, "course"},
		"long course code":   {func(c *Card) { c.Course = strings.Repeat("A", 17) }, "course"},
		"index off the list": {func(c *Card) { c.Status.Index = MaxStatusIndex + 1 }, "status"},
		"another's list":     {func(c *Card) { c.Status.URI = "https://evil.example/s/0" }, "status"},
		"list 01":            {func(c *Card) { c.Status.URI = c.Issuer + "/s/01" }, "status"},
	} {
		t.Run(name, func(t *testing.T) {
			c := sound()
			tc.spoil(&c)
			var invalid *InvalidError
			if err := c.Validate(); !errors.As(err, &invalid) || invalid.Field != tc.field {
				t.Errorf("got %v, want an invalid %s", err, tc.field)
			}
		})
	}
}

func TestCheckIssuerAllowsLocalHTTP(t *testing.T) {
	for _, good := range []string{"https://cards.example.org", "https://cards.example.org:8443", "http://localhost:8080", "http://127.0.0.1", "http://[::1]:80"} {
		if err := CheckIssuer(good); err != nil {
			t.Errorf("CheckIssuer(%q) = %v", good, err)
		}
	}
	for _, bad := range []string{"", "cards.example.org", "http://localhost.example.org", "https://", "https://x/y", "https://x?y", "ftp://localhost"} {
		if err := CheckIssuer(bad); err == nil {
			t.Errorf("CheckIssuer(%q) took it", bad)
		}
	}
}

func TestDates(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		from   string
		months int
		want   string
	}{{"2026-11-07", 24, "2028-11-07"}, {"2027-01-31", 1, "2027-02-28"}, {"2028-02-29", 12, "2029-02-28"}, {"2026-12-31", 2, "2027-02-28"}} {
		d, err := ParseDate(tc.from)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.AddMonths(tc.months).String(); got != tc.want {
			t.Errorf("%s and %d months = %s, want %s", tc.from, tc.months, got, tc.want)
		}
	}
	// The last Sunday of October has 25 hours in Berlin, and its last instant is still that day.
	d := Date{2026, time.October, 25}
	end := d.End(berlin)
	if got := LastDayBefore(end, berlin); got != d {
		t.Errorf("the last day before %v = %v, want %v", end, got, d)
	}
	if got := end.Sub(d.Start(berlin)); got != 25*time.Hour {
		t.Errorf("that day has %v, want 25h", got)
	}
	if got := (Date{2028, time.February, 3}).EndOfMonth().String(); got != "2028-02-29" {
		t.Errorf("the end of February 2028 = %s", got)
	}
	for _, bad := range []string{"2027-02-30", "2027-2-3", "03/04/2026", ""} {
		if _, err := ParseDate(bad); err == nil {
			t.Errorf("ParseDate(%q) took it", bad)
		}
	}
}

// In these zones the clocks skip midnight, or a whole day (Apia): a day begins and ends where its first and last instants are.
func TestEveryDayHasItsEdges(t *testing.T) {
	for _, zone := range []string{"UTC", "Europe/Berlin", "America/Santiago", "America/Havana", "Atlantic/Azores", "Africa/Cairo",
		"Asia/Beirut", "America/Sao_Paulo", "Asia/Tehran", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Gaza"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for day := time.Date(2010, 1, 1, 12, 0, 0, 0, time.UTC); day.Year() < 2038; day = day.AddDate(0, 0, 1) {
			d := DateOf(day)
			if zone == "Pacific/Apia" && d == (Date{2011, time.December, 30}) {
				continue // there was no such day
			}
			start, end := d.Start(loc), d.End(loc)
			if DateOf(start) != d || DateOf(start.Add(-time.Nanosecond)) == d || LastDayBefore(end, loc) != d || DateOf(end) == d {
				t.Fatalf("%s, %s: begins %v, ends %v", zone, d, start, end)
			}
		}
	}
}

// A card that does not expire has to be a card in every zone, and to be told as such by whoever reads its claim exp, in whatever zone.
func TestNoExpiry(t *testing.T) {
	for _, zone := range []string{"UTC", "Europe/Berlin", "Pacific/Kiritimati", "Etc/GMT+12", "America/New_York"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		end := NoExpiry.End(loc)
		c := sound()
		c.ExpiresAt = end.UTC()
		if err := c.Validate(); err != nil {
			t.Errorf("%s: got %v, want a card", zone, err)
		}
		if d := DateOf(end.Add(-time.Second)); d != NoExpiry || end.Unix() > MaxNumericDate {
			t.Errorf("%s: the last second is of %s, the end is %d; want %s and a NumericDate", zone, d, end.Unix(), NoExpiry)
		}
		for _, reader := range []string{"UTC", "Pacific/Kiritimati", "Etc/GMT+12"} {
			of, err := time.LoadLocation(reader)
			if err != nil {
				t.Fatal(err)
			}
			if got := LastDayBefore(end, of); got != NoExpiry {
				t.Errorf("%s, read in %s: got %s, want %s", zone, reader, got, NoExpiry)
			}
		}
	}
	if got, err := ParseDate(NoExpiry.String()); err != nil || got != NoExpiry {
		t.Errorf("written and read: got %v, %v, want %s", got, err, NoExpiry)
	}
}

func TestValidityInWords(t *testing.T) {
	for _, c := range []struct {
		day                   Date
		label, text, sentence string
	}{
		{Date{2028, time.November, 30}, "Valid through", "30 November 2028", "valid through 30 November 2028"},
		{Date{9999, time.December, 30}, "Valid through", "30 December 9999", "valid through 30 December 9999"},
		{NoExpiry, "Validity", "No expiry date", "no expiry date"},
		{Date{}, "Valid through", "", ""},
	} {
		label, text := c.day.Validity()
		if got := c.day.ValidThrough(); label != c.label || text != c.text || got != c.sentence {
			t.Errorf("%s: got %q, %q and %q; want %q, %q and %q", c.day, label, text, got, c.label, c.text, c.sentence)
		}
	}
}
