//go:build e2e

package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/internal/archive/archivetest"
)

const testBucket = "our-cards"

// newBucketCentre is a new centre whose archive is a bucket behind a proxy. The credentials are in the environment of its commands.
func newBucketCentre(t *testing.T) (*centreDir, *archivetest.Server, *archivetest.Proxy) {
	t.Helper()
	server := archivetest.Start(t)
	server.MakeBucket(t, testBucket)
	c, proxy := newCentre(t), server.Front(t)
	c.env = archivetest.Env()
	c.archive("s3://"+testBucket+"/centre", proxy.Endpoint())
	return c, server, proxy
}

// archive sets where the archive of a centre is, in place of where it was.
func (c *centreDir) archive(place, endpoint string) {
	c.t.Helper()
	var lines []string
	for line := range strings.Lines(string(c.read("config.yaml"))) {
		switch {
		case strings.HasPrefix(line, "archive:"):
			line = "archive: \"" + place + "\"\n"
		case strings.HasPrefix(line, "  endpoint:"):
			line = "  endpoint: \"" + endpoint + "\"\n"
		}
		lines = append(lines, line)
	}
	c.write("config.yaml", strings.Join(lines, ""))
}

// archived are the files of cards in a folder, by name.
func archived(t *testing.T, dir string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "??", "*.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sums[filepath.Base(path)] = archive.SHA256(data)
	}
	return sums
}

// archivedAs is what the file of a card is called in its folder of the archive.
func archivedAs(l cardLine) string {
	return strings.ReplaceAll(l.number, "-", "") + "-" + l.sha256 + ".pdf"
}

// checkArchived finds that the files in a folder are exactly those of a delivered batch.
func checkArchived(t *testing.T, dir string, cards []cardLine) {
	t.Helper()
	if got := checkRecorded(t, dir, cards); len(got) != len(cards) {
		t.Errorf("the archive has %d files, want %d", len(got), len(cards))
	}
}

// checkRecorded finds that the files of a delivered batch are in a folder, beside which those of runs that broke off may stand. It answers all.
func checkRecorded(t *testing.T, dir string, cards []cardLine) map[string]string {
	t.Helper()
	got := archived(t, dir)
	for _, l := range cards {
		if name := archivedAs(l); got[name] != l.sha256 {
			t.Errorf("card %s: the archive has a file of %q, and the register says %s", l.number, got[name], l.sha256)
		}
	}
	for name, sum := range got {
		if !strings.HasSuffix(name, "-"+sum+".pdf") {
			t.Errorf("%s is another file than its name says", name)
		}
	}
	return got
}

// A bucket that refuses every third write slows a batch down and nothing else. One that breaks down in the middle stops it, and the same
// command finishes it.
func TestIssueIntoABucket(t *testing.T) {
	t.Parallel()
	c, server, proxy := newBucketCentre(t)
	roster := c.roster(200)
	var writes atomic.Int64
	proxy.Plan(func(r *http.Request) archivetest.Fault {
		n := int64(0)
		if archivetest.IsWrite(r) {
			n = writes.Add(1)
		}
		if n > 130 || n%3 == 2 { // and then for good
			return archivetest.Refuse
		}
		return archivetest.None
	})
	cmd := c.command("issue", roster, "--out", "out")
	said, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); err == nil || code != exitFailed || !strings.Contains(string(said), "the bucket of the archive does not answer") ||
		!strings.Contains(string(said), "run the same command again") {
		t.Errorf("a bucket that breaks down: got %d: %s", code, said)
	}
	if strings.Contains(string(said), archivetest.SecretKey) {
		t.Error("the secret key was printed")
	}
	broken := c.counts()
	if broken["issued"] == 0 || broken["planned"] == 0 {
		t.Errorf("the bucket broke down at %v: the test proves nothing", broken)
	}
	checkNothingOutside(t, c)
	proxy.Plan(archivetest.EveryNth(3, archivetest.Refuse, archivetest.IsWrite))
	var s summary
	if err := json.Unmarshal(c.must("issue", roster, "--out", "out", "--json"), &s); err != nil {
		t.Fatal(err)
	}
	if s.Issued != broken["planned"] || s.AlreadyIssued != broken["issued"] {
		t.Errorf("the second run issued %d and found %d, after %v", s.Issued, s.AlreadyIssued, broken)
	}
	checkIssued(t, c, "out", 200)
	checkRecorded(t, filepath.Join(server.Dir, testBucket, "centre"), c.cards("out"))
	// Delivered again, they come out of the bucket.
	proxy.Plan(archivetest.EveryNth(3, archivetest.Refuse, func(*http.Request) bool { return true }))
	c.must("issue", roster, "--out", "again")
	for _, l := range c.cards("again") {
		if data, err := os.ReadFile(l.file); err != nil || archive.SHA256(data) != l.sha256 {
			t.Errorf("delivered again, %s is another file, %v", l.file, err)
		}
	}
	if _, err := os.Stat(c.path("data/cards")); err == nil {
		t.Error("there is a folder data/cards beside the bucket")
	}
}

func TestABucketThatIsDownStopsBeforeAnythingIsRecorded(t *testing.T) {
	t.Parallel()
	c, _, proxy := newBucketCentre(t)
	roster := c.roster(5)
	proxy.Plan(func(*http.Request) archivetest.Fault { return archivetest.LoseAnswer })
	if _, code := c.run("issue", roster, "--out", "out"); code != exitFailed {
		t.Errorf("got %d, want %d", code, exitFailed)
	}
	if got := c.counts(); len(got) != 0 {
		t.Errorf("the register holds %v", got)
	}
	c.env = append(c.env, "AWS_SECRET_ACCESS_KEY=wrong")
	proxy.Plan(func(*http.Request) archivetest.Fault { return archivetest.None })
	if _, code := c.run("issue", roster, "--out", "out"); code != exitUsage {
		t.Errorf("a wrong secret: got %d, want %d", code, exitUsage)
	}
}

// Runs are killed at random moments while they fill the bucket; each register comes to its end, with nothing twice.
func TestKillWhileFillingABucket(t *testing.T) {
	t.Parallel()
	c, server, _ := newBucketCentre(t)
	const cards = 150
	roster := c.roster(cards)
	killed := 0
	for range 8 {
		if c.counts()["issued"] == cards {
			break
		}
		if killAfter(t, c.command("issue", roster, "--out", "out"), 200*time.Millisecond+rand.N(500*time.Millisecond)) {
			killed++
		}
		checkNothingOutside(t, c)
	}
	c.must("issue", roster, "--out", "out")
	checkIssued(t, c, "out", cards)
	files := checkRecorded(t, filepath.Join(server.Dir, testBucket, "centre"), c.cards("out"))
	var tidy tidied
	if err := json.Unmarshal(c.must("archive", "tidy", "--yes", "--json"), &tidy); err != nil {
		t.Fatal(err)
	}
	if len(tidy.Files) != 0 || tidy.Recent != len(files)-cards {
		t.Errorf("of %d files, tidy removed %d and found %d that are recent", len(files), len(tidy.Files), tidy.Recent)
	}
	t.Logf("%d runs were killed", killed)
	if killed < 3 {
		t.Errorf("only %d runs were killed: the test proves nothing", killed)
	}
}

// A learner gets the file out of the bucket, whole or in ranges; a held batch waits there; a discarded one leaves nothing.
func TestABucketServesLearners(t *testing.T) {
	t.Parallel()
	c, server, proxy := newBucketCentre(t)
	c.must("issue", c.roster(3), "--out", "out", "--hold")
	if len(archived(t, filepath.Join(server.Dir, testBucket, "centre"))) != 3 {
		t.Error("the held batch is not in the bucket")
	}
	c.must("discard", c.batches()[0].ID, "--reason", "trial")
	if left := archived(t, filepath.Join(server.Dir, testBucket, "centre")); len(left) != 0 {
		t.Errorf("a discarded batch left %v", left)
	}
	c.must("issue", c.roster(3), "--out", "out")
	line := c.cards("out")[0]
	var made struct{ Link string }
	if err := json.Unmarshal(c.must("links", "make", line.number, "--json"), &made); err != nil {
		t.Fatal(err)
	}
	origin := c.serve()
	url := origin + made.Link[strings.Index(made.Link, "/my/"):] + "/card.pdf"
	want, err := os.ReadFile(line.file)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []struct {
		ask    string
		status int
		want   []byte
	}{{"", http.StatusOK, want}, {"bytes=100-199", http.StatusPartialContent, want[100:200]}, {"bytes=-10", http.StatusPartialContent, want[len(want)-10:]},
		{"bytes=99999999-", http.StatusRequestedRangeNotSatisfiable, nil}} {
		if status, body := getRange(t, url, r.ask); status != r.status || r.want != nil && !bytes.Equal(body, r.want) {
			t.Errorf("%q: got %d and %d bytes, want %d and %d", r.ask, status, len(body), r.status, len(r.want))
		}
	}
	_, file := getRange(t, url, "")
	if err := os.WriteFile(c.path("downloaded.pdf"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	c.must("verify", "downloaded.pdf")
	// A bucket that is down is no missing card: the learner is asked to come back, and cards are checked all the same.
	proxy.Plan(func(*http.Request) archivetest.Fault { return archivetest.Refuse })
	if status, _ := getRange(t, url, ""); status != http.StatusServiceUnavailable {
		t.Errorf("the bucket is down: got %d, want 503", status)
	}
	if v, status, _ := ask(t, origin+"/n/"+line.number); !v.Valid || status != http.StatusOK {
		t.Errorf("the bucket is down: the check says %d %+v", status, v)
	}
	// An altered file is handed out to nobody.
	proxy.Plan(func(*http.Request) archivetest.Fault { return archivetest.None })
	path := filepath.Join(server.Dir, testBucket, "centre", line.number[:2], archivedAs(line))
	if err := os.WriteFile(path, bytes.Replace(want, []byte("PDF"), []byte("PDG"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, body := getRange(t, url, "bytes=0-9"); status != http.StatusServiceUnavailable || bytes.Contains(body, []byte("PDG")) {
		t.Errorf("an altered file: got %d", status)
	}
}

func getRange(t *testing.T, url, wanted string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if wanted != "" {
		req.Header.Set("Range", wanted)
	}
	resp, body := answer(t, req)
	return resp.StatusCode, body
}

// answer is what a server answers, with all of its body.
func answer(t testing.TB, req *http.Request) (*http.Response, []byte) {
	t.Helper()
	resp, err := (&http.Client{Timeout: 30 * time.Second}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

type copiedOutput struct {
	Copied, There int
	Left          int `json:"left_behind"`
	Bad           []string
}

func (c *centreDir) copyTo(place string) (o copiedOutput, code int) {
	c.t.Helper()
	out, code := c.run("archive", "copy", "--to", place, "--json")
	if code == exitDone || code == exitRefused {
		if err := json.Unmarshal(out, &o); err != nil {
			c.t.Fatal(err)
		}
	}
	return o, code
}

// The archive moves from the folder to a bucket and back, through faults and a kill, and no file is lost, altered or written over.
func TestArchiveCopy(t *testing.T) {
	t.Parallel()
	c, server, proxy := newBucketCentre(t)
	bucket := "s3://" + testBucket + "/moved"
	c.archive("", proxy.Endpoint())
	c.must("issue", c.roster(150), "--out", "out")
	folder := c.path("data/cards")
	moved := filepath.Join(server.Dir, testBucket, "moved")
	if err := os.WriteFile(filepath.Join(folder, "notes.txt"), []byte("no card"), 0o600); err != nil { // passed over
		t.Fatal(err)
	}
	killAfter(t, c.command("archive", "copy", "--to", bucket), 400*time.Millisecond)
	proxy.Plan(archivetest.EveryNth(3, archivetest.Refuse, archivetest.IsWrite))
	if o, code := c.copyTo(bucket); code != exitDone || o.Copied+o.There != 150 || o.Left != 0 {
		t.Errorf("got %d: %+v", code, o)
	}
	checkArchived(t, moved, c.cards("out"))
	checkArchived(t, folder, c.cards("out"))
	if o, code := c.copyTo(bucket); code != exitDone || o.There != 150 {
		t.Errorf("a second time: got %d: %+v", code, o)
	}
	// From now on the bucket is the archive. The folder may go.
	c.archive(bucket, proxy.Endpoint())
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	c.must("issue", c.roster(150), "--out", "again")
	checkArchived(t, moved, c.cards("again"))
	c.must("export", "--all", "--zip", "all.zip")
	if _, code := c.copyTo(bucket); code != exitUsage {
		t.Errorf("to where it is: got %d, want %d", code, exitUsage)
	}
	if _, code := c.copyTo("keys"); code != exitUsage {
		t.Errorf("into the folder of the keys: got %d, want %d", code, exitUsage)
	}
	// A file that is damaged in the bucket stays behind, is named, and the others come.
	line := c.cards("out")[7]
	if err := os.WriteFile(filepath.Join(moved, line.number[:2], archivedAs(line)), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if o, code := c.copyTo("data/cards"); code != exitRefused || o.Copied != 149 || len(o.Bad) != 1 || !strings.Contains(o.Bad[0], line.number) {
		t.Errorf("a damaged file: got %d: %+v", code, o)
	}
	if got := archived(t, folder); len(got) != 149 || got[archivedAs(line)] != "" {
		t.Errorf("the folder has %d files", len(got))
	}
}
