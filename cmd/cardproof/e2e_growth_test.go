//go:build e2e

package main

import (
	"cmp"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/card/token"
	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/internal/pgtest"
	"github.com/cardproof/cardproof/internal/register"
)

// BenchmarkGrowth fills a register with genuine cards, and measures at each size of CARDPROOF_GROWTH (such as 10000,100000,1000000) how long
// 500 further cards take from the roster to the folder, and how fast the server answers 16 clients for three times 10 seconds: half of them with the URL of
// a card's QR code, half with its number, each time of another card. The cards that fill it have no files. The test's database does not tidy up
// by itself, as any other does in the weeks in which it fills: it is told to before each measurement.
//
//	CARDPROOF_GROWTH=10000,100000 go test -tags e2e -run '^$' -bench Growth -benchtime 1x -timeout 2h ./cmd/cardproof
func BenchmarkGrowth(b *testing.B) {
	var sizes []int
	for _, text := range strings.Split(cmp.Or(os.Getenv("CARDPROOF_GROWTH"), "10000"), ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			b.Fatal(err)
		}
		sizes = append(sizes, n)
	}
	for _, engine := range []struct {
		name string
		open func(b *testing.B) (c *centreDir, register string, settle func() error)
	}{
		{"sqlite", func(b *testing.B) (*centreDir, string, func() error) {
			c := newCentre(b)
			return c, c.path("data/register.db"), func() error { return nil }
		}},
		{"postgres", func(b *testing.B) (*centreDir, string, func() error) {
			server, url := newDatabase(b)
			return newCentreOn(b, url), url, func() error {
				return server.Exec(b.Context(), pgtest.Database(url), "VACUUM (ANALYZE)", "CHECKPOINT")
			}
		}},
	} {
		b.Run(engine.name, func(b *testing.B) {
			c, at, settle := engine.open(b)
			g := &growth{centreDir: c, b: b, key: c.signingKey(), at: at}
			for _, size := range sizes {
				g.growTo(size)
				if err := settle(); err != nil {
					b.Fatal(err)
				}
				b.Run(fmt.Sprint(size), g.measure)
			}
		})
	}
}

// growth is a centre whose register grows.
type growth struct {
	*centreDir
	b     *testing.B
	key   token.SigningKey
	at    string // the register
	cards int
	paths []string // of some of its cards, at the server
}

// signingKey is the key with which the centre signs cards.
func (c *centreDir) signingKey() token.SigningKey {
	c.t.Helper()
	var list struct {
		Keys []struct{ KID, Signs, Alg string }
	}
	if err := json.Unmarshal(c.must("keys", "list", "--json"), &list); err != nil || len(list.Keys) == 0 || list.Keys[0].Signs != token.Type {
		c.t.Fatalf("got %v, %v", list, err)
	}
	text, err := os.ReadFile(c.path(filepath.Join("keys", list.Keys[0].KID+".pem")))
	if err != nil {
		c.t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		c.t.Fatal(err)
	}
	return token.SigningKey{ID: list.Keys[0].KID, Alg: token.EdDSA, Key: key.(crypto.Signer)}
}

// grown makes cards as an issuing run leaves them, the first of which is of the learner from.
func grown(t testing.TB, key token.SigningKey, batch string, from, n int, slots []card.StatusSlot, file func(card.Number) []byte) (card.Intention, []card.Finished) {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Second)
	day := card.DateOf(now)
	last := card.Date{Year: day.Year + 2, Month: 1, Day: 31}
	expires := time.Date(last.Year, time.February, 1, 0, 0, 0, 0, time.UTC) // the new centre's time zone
	in := card.Intention{Batch: batch, Actor: "test", At: now}
	done := make([]card.Finished, 0, n)
	for i := from; i < from+n; i++ {
		number, err := card.NewNumber(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		const issuer = "http://localhost:8080"
		c := card.Card{Issuer: issuer, Number: number, IssuedAt: now, ExpiresAt: expires, Name: "Zoë Nováková", Course: "BLS"}
		if slots != nil {
			c.Status = slots[i-from].Ref(issuer)
		}
		raw, err := token.Sign(c, key)
		if err != nil {
			t.Fatal(err)
		}
		digest, err := token.Digest(c, key.Alg, key.ID)
		if err != nil {
			t.Fatal(err)
		}
		in.Entries = append(in.Entries, card.Entry{
			Record: card.Record{
				Card: c, KeyID: key.ID, Digest: digest, Qualification: card.Qualification{Title: "Basic Life Support", Meets: []string{"BLS"}},
				Completed: day, IssuedOn: day, ExpiresOn: last, Instructor: "Ruth Adeyemi",
			},
			Learner: card.Learner{ID: fmt.Sprint("G", i), Email: fmt.Sprintf("g%d@example.org", i)},
		})
		done = append(done, card.Finished{Number: number, Digest: digest, Token: raw, SHA256: archive.SHA256(file(number))})
	}
	return in, done
}

// growTo fills the register, in batches of a class of 2,000.
func (g *growth) growTo(size int) {
	g.b.Helper()
	db, err := register.Open(g.b.Context(), g.at)
	if err != nil {
		g.b.Fatal(err)
	}
	defer db.Close()
	for g.cards < size {
		n := min(2000, size-g.cards)
		slots, err := db.ReserveStatus(g.b.Context(), n)
		if err != nil {
			g.b.Fatal(err)
		}
		in, done := grown(g.b, g.key, fmt.Sprintf("G-%d", g.cards), g.cards, n, slots, func(n card.Number) []byte { return []byte(n) })
		if err := db.Plan(g.b.Context(), in); err != nil {
			g.b.Fatal(err)
		}
		if err := db.MarkIssued(g.b.Context(), "test", in.At, done); err != nil {
			g.b.Fatal(err)
		}
		for _, f := range done {
			g.paths = append(g.paths, strings.TrimPrefix(token.URL("", f.Token), "/"), "n/"+f.Number.String())
		}
		g.cards += n
	}
}

func (g *growth) measure(b *testing.B) {
	const further = 500
	roster := g.write("roster.csv", rosterFrom(g.cards, further))
	issue := g.command("--quiet", "issue", roster, "--out", fmt.Sprintf("out-%d", g.cards))
	start := time.Now()
	_, all := peakMemory(b, issue)
	b.ReportMetric(further/time.Since(start).Seconds(), "cards/s")
	b.ReportMetric(float64(all)/1024, "MB-issue")

	c := *g.centreDir
	c.t = b // the server ends with this measurement
	process, origin := c.serveProcess()
	measured := map[string][]float64{}
	for range 3 { // what else the machine does comes and goes: the round in the middle counts
		before := cpuTime(b, process.Pid)
		times := verdicts(b, origin, g.paths, 16, 10*time.Second)
		slices.Sort(times)
		add := func(value float64, unit string) { measured[unit] = append(measured[unit], value) }
		add(float64(len(times))/10, "verdicts/s")
		add(float64((cpuTime(b, process.Pid)-before).Microseconds())/float64(len(times)), "cpu-us/verdict")
		for _, p := range []int{50, 99} {
			add(float64(times[len(times)*p/100].Microseconds())/1000, fmt.Sprintf("p%d-ms", p))
		}
	}
	b.Log(measured)
	for unit, values := range measured {
		slices.Sort(values)
		b.ReportMetric(values[len(values)/2], unit)
	}
	b.ReportMetric(0, "ns/op")
}

// verdicts asks for one of the paths after the other, chosen at random, and answers how long each took. Every card has to be valid.
func verdicts(t testing.TB, origin string, paths []string, clients int, during time.Duration) (all []time.Duration) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}, Timeout: 30 * time.Second}
	var mu sync.Mutex
	var wg sync.WaitGroup
	end := time.Now().Add(during)
	for range clients {
		wg.Go(func() {
			var mine []time.Duration
			for time.Now().Before(end) {
				start := time.Now()
				if err := wantValid(client, origin+"/"+paths[mathrand.IntN(len(paths))]); err != nil {
					t.Error(err)
					break
				}
				mine = append(mine, time.Since(start))
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, mine...)
		})
	}
	wg.Wait()
	if len(all) == 0 {
		t.Fatal("no verdict came")
	}
	return all
}

func wantValid(client *http.Client, url string) error {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && (resp.StatusCode != 200 || !strings.Contains(string(body), `"valid":true`)) {
		err = fmt.Errorf("%s: got %d: %s", url, resp.StatusCode, body)
	}
	return err
}

// cpuTime is what a process has used of the processors, by /proc/PID/stat, in steps of 10 ms.
func cpuTime(t testing.TB, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	var ticks int
	for _, f := range fields[11:15] { // utime and stime, and those of the children that have ended: proc(5)
		n, err := strconv.Atoi(f)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
