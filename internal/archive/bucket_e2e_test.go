//go:build e2e

package archive

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/archive/archivetest"
)

const bucketName = "our-cards"

// place is a bucket with a proxy before it.
type place struct {
	server *archivetest.Server
	proxy  *archivetest.Proxy
	prefix string
}

func newPlace(t *testing.T) *place {
	t.Helper()
	s := archivetest.Start(t)
	s.MakeBucket(t, bucketName)
	return &place{server: s, proxy: s.Front(t), prefix: "centre/archive"}
}

func (p *place) options() BucketOptions {
	return BucketOptions{
		Bucket: bucketName, Prefix: p.prefix, Endpoint: p.proxy.Endpoint(), Region: archivetest.Region, PathStyle: true, Env: archivetest.Env(),
	}
}

func (p *place) open(t *testing.T) *Bucket {
	t.Helper()
	b, err := NewBucket(p.options())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (p *place) bench(t *testing.T) bench {
	t.Helper()
	client := p.server.Client(t)
	b := p.open(t)
	return bench{b, func(t *testing.T, name string, data []byte) {
		t.Helper()
		if _, err := client.PutObject(t.Context(), bucketName, b.key(name), bytes.NewReader(data), int64(len(data)), minio.PutObjectOptions{}); err != nil {
			t.Fatal(err)
		}
	}}
}

func TestBucketKeepsTheContract(t *testing.T) {
	p := newPlace(t)
	n := 0
	contract(t, func(t *testing.T) bench {
		n++
		p.prefix = fmt.Sprintf("centre/%d", n)
		return p.bench(t)
	})
}

func TestBucketWithoutPrefix(t *testing.T) {
	p := newPlace(t)
	p.prefix = ""
	b := p.bench(t)
	sum := b.put(t, three, "a card")
	if got := b.list(t); !slices.Equal(got, []card.Number{three}) {
		t.Errorf("got %v", got)
	}
	// The layout is that of the folder: what is copied by any other tool is found.
	if data, err := os.ReadFile(filepath.Join(p.server.Dir, bucketName, "7F", "7F3K9QWX2MTZ-"+sum+".pdf")); err != nil || string(data) != "a card" {
		t.Errorf("got %q, %v", data, err)
	}
}

func TestCopyBothWays(t *testing.T) {
	p := newPlace(t)
	copies(t, folderBench(t), p.bench(t))
	p.prefix = "another"
	copies(t, p.bench(t), folderBench(t))
}

// Whoever opens the bucket by another tool is told what each object is.
func TestContentTypes(t *testing.T) {
	p := newPlace(t)
	sum := p.bench(t).put(t, one, "a card")
	for name, want := range map[string]string{markName: "text/plain; charset=utf-8", Name(one, sum): "application/pdf"} {
		info, err := p.server.Client(t).StatObject(t.Context(), bucketName, p.prefix+"/"+name, minio.StatObjectOptions{})
		if err != nil || info.ContentType != want {
			t.Errorf("%s: got %q, %v, want %q", name, info.ContentType, err, want)
		}
	}
}

// hundred is a hundred files as large as cards.
func hundred(t *testing.T) map[card.Number][]byte {
	t.Helper()
	files := map[card.Number][]byte{}
	for range 100 {
		n, err := card.NewNumber(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		files[n] = bytes.Repeat([]byte(n), 4000)
	}
	return files
}

// Whatever happens to some requests on the way, every file is there in the end, whole, and once.
func TestBucketRidesOverFaults(t *testing.T) {
	read := func(r *http.Request) bool { return r.Method == http.MethodGet }
	for _, c := range []struct {
		name  string
		fault archivetest.Fault
		about func(*http.Request) bool
		nth   int64
	}{
		{"refused writes", archivetest.Refuse, archivetest.IsWrite, 3},
		{"connections cut while sending", archivetest.CutRequest, archivetest.IsWrite, 3},
		{"lost answers", archivetest.LoseAnswer, archivetest.IsWrite, 3},
		{"slow answers", archivetest.Slow, archivetest.IsWrite, 20},
		{"refused reads", archivetest.Refuse, read, 3},
		{"connections cut while reading", archivetest.CutAnswer, read, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlace(t)
			b := p.open(t)
			p.proxy.Plan(archivetest.EveryNth(c.nth, c.fault, c.about))
			files := hundred(t)
			sums, err := b.Put(t.Context(), files)
			if err != nil {
				t.Fatal(err)
			}
			for n, want := range files {
				if got, err := b.Get(t.Context(), n, sums[n]); err != nil || !bytes.Equal(got, want) {
					t.Fatalf("%s: got %d bytes, %v", n, len(got), err)
				}
			}
			if p.proxy.Faults.Load() < 5 {
				t.Errorf("only %d requests met a fault: the test proves nothing", p.proxy.Faults.Load())
			}
			p.proxy.Plan(func(*http.Request) archivetest.Fault { return archivetest.None })
			if got := p.bench(t).files(t); len(got) != len(files) {
				t.Errorf("the bucket has %d files, want %d", len(got), len(files))
			}
		})
	}
}

// A byte that changes on the way up is found by the server, and one on the way down by the register's sum.
func TestBucketFindsAlteredBytes(t *testing.T) {
	p := newPlace(t)
	b := p.bench(t)
	sum := b.put(t, one, "a card")
	p.proxy.Plan(func(r *http.Request) archivetest.Fault {
		if strings.HasSuffix(r.URL.Path, ".pdf") && r.Method == http.MethodPut {
			return archivetest.Alter
		}
		return archivetest.None
	})
	if _, err := b.Put(t.Context(), map[card.Number][]byte{two: []byte("two")}); !errors.Is(err, ErrRefused) {
		t.Errorf("got %v, want ErrRefused", err)
	}
	if got := b.list(t); !slices.Equal(got, []card.Number{one}) {
		t.Errorf("the server kept %v", got)
	}
	if _, err := b.Get(t.Context(), one, sum); err != nil {
		t.Error(err)
	}
}

func TestBucketDown(t *testing.T) {
	p := newPlace(t)
	b := p.bench(t)
	sum := b.put(t, one, "a card")
	for _, c := range []struct {
		name  string
		fault archivetest.Fault
	}{{"refused", archivetest.Refuse}, {"cut", archivetest.LoseAnswer}} {
		p.proxy.Plan(func(*http.Request) archivetest.Fault { return c.fault })
		start := time.Now()
		_, err := b.Get(t.Context(), one, sum)
		if !errors.Is(err, ErrUnavailable) || errors.Is(err, ErrMissing) {
			t.Errorf("%s, get: got %v, want ErrUnavailable", c.name, err)
		}
		if _, err = b.Put(t.Context(), map[card.Number][]byte{two: []byte("two")}); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s, put: got %v, want ErrUnavailable", c.name, err)
		}
		if took := time.Since(start); took > 40*time.Second {
			t.Errorf("%s: both took %v", c.name, took)
		}
	}
	o := p.options()
	o.Endpoint = "http://127.0.0.1:1" // nobody listens there
	r, err := ReadBucket(t.Context(), o)
	if !errors.Is(err, ErrUnavailable) || r == nil {
		t.Errorf("a reader of a server that is down: got %v, %v", r, err)
	}
}

// What is wrong for good is told at once, and is none of the two kinds by which a file counts as lost.
func TestBucketRefuses(t *testing.T) {
	p := newPlace(t)
	home := t.TempDir()
	for name, change := range map[string]func(*BucketOptions){
		"no such bucket": func(o *BucketOptions) { o.Bucket = "none-such" },
		"unknown key":    func(o *BucketOptions) { o.Env = []string{"AWS_ACCESS_KEY_ID=nobody", "AWS_SECRET_ACCESS_KEY=x"} },
		"wrong secret":   func(o *BucketOptions) { o.Env[1] = "AWS_SECRET_ACCESS_KEY=wrong" },
		"half a key":     func(o *BucketOptions) { o.Env = o.Env[:1] },
		"no credentials": func(o *BucketOptions) { o.Env = []string{"HOME=" + home} },
		"no such profile": func(o *BucketOptions) {
			o.Env = []string{"AWS_SHARED_CREDENTIALS_FILE=" + profile(t, home)}
			o.Profile = "none"
		},
		"TLS with a stranger": func(o *BucketOptions) { o.Endpoint = stranger(t) },
	} {
		t.Run(name, func(t *testing.T) {
			o := p.options()
			change(&o)
			b, err := NewBucket(o)
			if err == nil {
				err = b.Check(t.Context())
			}
			if !errors.Is(err, ErrRefused) {
				t.Fatalf("got %v, want ErrRefused", err)
			}
			if strings.Contains(err.Error(), archivetest.SecretKey) || strings.Contains(err.Error(), "Signature=") {
				t.Errorf("the error has a secret: %v", err)
			}
			if r, err := ReadBucket(t.Context(), o); !errors.Is(err, ErrRefused) || r != nil {
				t.Errorf("the reader: got %v, want ErrRefused", err)
			}
		})
	}
}

func TestCredentialsFile(t *testing.T) {
	p := newPlace(t)
	home := t.TempDir()
	file := profile(t, home)
	if err := os.MkdirAll(filepath.Join(home, ".aws"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file, filepath.Join(home, ".aws", "credentials")); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*BucketOptions){
		"by configuration": func(o *BucketOptions) { o.Env, o.Profile = []string{"HOME=" + home}, "cards" },
		"by environment":   func(o *BucketOptions) { o.Env = []string{"HOME=" + home, "AWS_PROFILE=cards"} },
	} {
		o := p.options()
		change(&o)
		b, err := NewBucket(o)
		if err == nil {
			err = b.Check(t.Context())
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// profile writes a credentials file with a section "cards".
func profile(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "credentials")
	write(t, path, []byte("[cards]\naws_access_key_id = "+archivetest.AccessKey+"\naws_secret_access_key = "+archivetest.SecretKey+"\n"))
	return path
}

// stranger is a server with TLS whose certificate nobody has vouched for.
func stranger(t *testing.T) string {
	t.Helper()
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // the refused handshakes
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

// The public server's credentials may only read, or it does not start with them.
func TestReadOnlyCredentials(t *testing.T) {
	p := newPlace(t)
	sum := p.bench(t).put(t, one, "a card")
	o := p.options()
	o.ReadOnly = true
	if r, err := ReadBucket(t.Context(), o); !errors.Is(err, ErrMayWrite) || r != nil {
		t.Errorf("credentials that may write: got %v, want ErrMayWrite", err)
	}
	o.Env = p.server.AddReader(t, bucketName)
	r, err := ReadBucket(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.Get(t.Context(), one, sum); err != nil || string(got) != "a card" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := r.Get(t.Context(), two, sum); !errors.Is(err, ErrMissing) {
		t.Errorf("no file: got %v, want ErrMissing", err)
	}
	if got := p.bench(t).list(t); !slices.Equal(got, []card.Number{one}) {
		t.Errorf("the bucket has %v", got)
	}
}

// Where the bucket was down at the start, the same is asked when it answers again, and nothing is handed out before.
func TestReadOnlyCredentialsOfABucketThatWasDown(t *testing.T) {
	p := newPlace(t)
	sum := p.bench(t).put(t, one, "a card")
	reader := p.server.AddReader(t, bucketName)
	for _, c := range []struct {
		name     string
		env      []string
		readOnly bool
		want     error
		writes   int64 // tried, in all
	}{
		{"may write", archivetest.Env(), true, ErrMayWrite, 2},
		{"may only read", reader, true, nil, 1},
		{"may write, and was not asked", archivetest.Env(), false, nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := p.options()
			o.Env, o.ReadOnly = c.env, c.readOnly
			p.proxy.Plan(func(*http.Request) archivetest.Fault { return archivetest.Refuse })
			r, err := ReadBucket(t.Context(), o)
			if !errors.Is(err, ErrUnavailable) || r == nil {
				t.Fatalf("down: got %v, %v, want a reader and ErrUnavailable", r, err)
			}
			if _, err := r.Get(t.Context(), one, sum); !errors.Is(err, ErrUnavailable) {
				t.Errorf("down still: got %v, want ErrUnavailable", err)
			}
			var writes atomic.Int64
			p.proxy.Plan(func(r *http.Request) archivetest.Fault {
				if archivetest.IsWrite(r) {
					writes.Add(1)
				}
				return archivetest.None
			})
			for range 2 {
				got, err := r.Get(t.Context(), one, sum)
				if !errors.Is(err, c.want) || c.want == nil && string(got) != "a card" || c.want != nil && got != nil {
					t.Errorf("up again: got %q, %v, want %v", got, err, c.want)
				}
			}
			if got := writes.Load(); got != c.writes {
				t.Errorf("it was tried %d times who may write, want %d", got, c.writes)
			}
		})
	}
}

func TestPutStopsWithItsContext(t *testing.T) {
	p := newPlace(t)
	b := p.open(t)
	if err := b.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.proxy.Plan(func(*http.Request) archivetest.Fault { return archivetest.Slow })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := b.Put(ctx, hundred(t)); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v, want the context's own error", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}
