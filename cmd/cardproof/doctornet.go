package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/post"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/internal/serve"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify/statuslist"
)

const (
	answerWithin = 10 * time.Second
	// clockOff is how far the clocks of this machine and of a server may differ: cards of the future are refused after 60 s.
	clockOff  = 30 * time.Second
	maxAnswer = 8 << 20
)

// clock compares the clock with the register, which has no event of the future.
func (c *checkup) clock(ctx context.Context) {
	if c.ledger == nil {
		return
	}
	last, err := c.ledger.Latest(ctx, time.Time{})
	ahead := last.At.Sub(c.now())
	if err != nil {
		c.fails("clock", err)
		return
	}
	if ahead <= time.Second {
		c.ok("clock", "%s, later than every event", stamp(c.now()))
		return
	}
	of := "card " + last.Number.String()
	if last.Number == "" {
		of = "batch " + last.Batch
	}
	const says = "the register has an event of %s, which is %s in the future: %q of %s"
	if serve.TrustsClock(c.env) {
		c.warn("clock", "Unset "+serve.TrustVariable+" when that time has come: meanwhile nobody notices a clock that is set back.", says+", and the clock is said to be right",
			stamp(last.At), roughly(ahead), last.Action, of)
		return
	}
	c.problem(exitFailed, "clock", "Set the clock of this machine right before you issue anything. If it is right, and was ahead when that was written, start the server and run the commands with "+
		serve.TrustVariable+"=yes in the environment.", says, stamp(last.At), roughly(ahead), last.Action, of)
}

// network asks the public server and the mail server.
func (c *checkup) network(ctx context.Context) {
	c.mail(ctx)
	url := c.config.Issuer.URL
	data, date, err := c.get(ctx, url+"/.well-known/jwks.json")
	if err != nil {
		c.warn("public server", "Start it with `cardproof serve`, or see what keeps this machine from it; --offline leaves it out.", "%s does not answer: %v", url, err)
		return
	}
	if off := date.Sub(c.now()).Abs(); !date.IsZero() && off > clockOff {
		c.problem(exitFailed, "clock", "See which of the two is wrong, and have both set by NTP.", "%s is %s off", url, roughly(off))
	}
	if c.set == nil {
		return
	}
	if want, err := c.set.JWKS(); err != nil {
		c.fails("published keys", err)
		return
	} else if !sameKeys(data, want) {
		c.problem(exitKey, "published keys", "Have the public server read the newest jwks.json (`cardproof keys export`); until then it judges cards by other keys.", "%s publishes other keys than %s has", url, keySetPath(c.config))
	} else {
		c.ok("published keys", "%s publishes the keys of this centre", url)
	}
	if c.ledger != nil && c.config.Card.StatusList {
		c.lists(ctx)
	}
}

// get asks a server of the centre's own.
func (c *checkup) get(ctx context.Context, url string) (body []byte, date time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, date, err
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, date, err
	}
	defer w.Body.Close() // it was only read
	if w.StatusCode != http.StatusOK {
		return nil, date, fmt.Errorf("%s", w.Status)
	}
	date, _ = http.ParseTime(w.Header.Get("Date")) // a server may send none
	body, err = io.ReadAll(io.LimitReader(w.Body, maxAnswer))
	return body, date, err
}

// sameKeys says whether two JWK sets have the same keys, in whatever order.
func sameKeys(a, b []byte) bool {
	read := func(data []byte) map[string]any {
		var set struct {
			Keys []map[string]any `json:"keys"`
		}
		if json.Unmarshal(data, &set) != nil {
			return nil
		}
		byID := map[string]any{}
		for _, k := range set.Keys {
			id, _ := k["kid"].(string)
			byID[id] = k
		}
		return byID
	}
	x, y := read(a), read(b)
	return len(x) > 0 && reflect.DeepEqual(x, y)
}

// lists compares the published status lists with the register.
func (c *checkup) lists(ctx context.Context) {
	reader, err := register.OpenReader(ctx, registerPath(c.config), register.ReaderOptions{})
	if err != nil {
		c.fails("status lists", err)
		return
	}
	defer reader.Close() // it only read
	all, _, err := reader.StatusLists(ctx, "")
	if err != nil {
		c.fails("status lists", err)
		return
	}
	cards := 0
	for _, n := range all {
		uri := statuslist.URI(c.config.Issuer.URL, n)
		list, err := c.list(ctx, uri, c.set)
		if err != nil {
			c.problem(exitKey, "status lists", "Restart the public server; where it hands out a folder of lists, see that `cardproof status publish --watch` runs.", "%s: %v", uri, err)
			return
		}
		wrong, places, err := compareList(ctx, reader, n, list)
		if err != nil {
			c.fails("status lists", err)
			return
		}
		cards += places
		if wrong > 0 {
			c.problem(exitKey, "status lists", "Where a card was changed this minute, run doctor again. Otherwise restart the public server, or `cardproof status publish`.",
				"%s says otherwise than the register of %s", uri, plural(wrong, "card", "cards"))
			return
		}
	}
	c.ok("status lists", "%s, with %s as the register says", plural(len(all), "list", "lists"), plural(cards, "place", "places"))
}

func (c *checkup) list(ctx context.Context, uri string, set *keys.Set) (statuslist.Opened, error) {
	data, _, err := c.get(ctx, uri)
	if err != nil {
		return statuslist.Opened{}, err
	}
	return statuslist.Open(strings.TrimSpace(string(data)), statuslist.Expected{URI: uri, Issuer: c.config.Issuer.URL, Keys: set, Now: c.now()})
}

// compareList counts the places of a list of which it says otherwise than the register.
func compareList(ctx context.Context, reader *register.Reader, n int64, list statuslist.Opened) (wrong, places int, err error) {
	err = reader.StatusesIn(ctx, n, func(index int64, s card.State) error {
		places++
		want, known := statuslist.Of(s)
		if is, err := list.At(index); err != nil || !known || is != want {
			wrong++
		}
		return nil
	})
	return wrong, places, err
}

// mail connects to the mail server as for a mail, and sends none.
func (c *checkup) mail(ctx context.Context) {
	if !c.config.Mail.On() {
		c.ok("mail server", "none is configured")
		return
	}
	server, err := mailServer(c.config)
	if err != nil {
		c.fails("mail server", err)
		return
	}
	sender, err := post.NewSender(server)
	if err != nil {
		c.fails("mail server", err)
		return
	}
	defer sender.Close()
	if err := sender.Check(ctx); err != nil {
		c.problem(exitFailed, "mail server", "Look at mail.host, mail.port, mail.tls and mail.user in the configuration; docs/mail.md tells what each answer means.", "%s: %v", c.config.Mail.Host, err)
		return
	}
	c.ok("mail server", "%s takes the connection (%s)", c.config.Mail.Host, c.config.Mail.TLS)
}
