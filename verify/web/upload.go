package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"time"

	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/verify"
	"github.com/cardproof/cardproof/verify/intake"
	"github.com/cardproof/cardproof/verify/photo"
)

const (
	maxUpload    = httpd.InboxBody                                // bytes of a request with files
	maxFileCards = 1000                                           // in one request
	maxField     = 1 << 10                                        // bytes of a form's field that is no file
	filesTime    = 40 * time.Second                               // to wait for places and to check the files
	answerTime   = 2*httpd.InboxWait + filesTime + 20*time.Second // to wait for the request before and for memory, to check and to send the answer
	fileCost     = 10                                             // so many requests a request with files counts as more, and one for each MiB
	placeTime    = 15 * time.Second                               // for a place: longer than one file takes, so that who is next gets it
	// The work of reading pictures is counted in steps, of which one picture may take photo.MaxWork. What is over it is told as not checked.
	fileWork   = 400_000_000 // for one file
	uploadWork = 800_000_000 // for all files of a request
	workCost   = 5_000_000   // counts as one request more
)

// fileKinds are the media types of a file that is the whole body.
var fileKinds = []string{"application/pdf", "image/png", "image/jpeg", "image/webp", "application/zip"}

// filesDesk checks files. What it takes is bounded by its inbox and its places, however many clients there are.
type filesDesk struct {
	desk     *intake.Desk
	inbox    *httpd.Inbox
	checking *httpd.Places
}

func newFilesDesk(o Options) *filesDesk {
	return &filesDesk{
		desk:     &intake.Desk{Checker: o.Checker, Trust: o.Trust, Centre: o.Issuer.Name, Origins: o.Origins, Now: o.Now, Limits: intake.Public},
		inbox:    httpd.NewInbox(httpd.Receiving{}),
		checking: httpd.NewPlaces(max(1, runtime.GOMAXPROCS(0)/4)), // verdicts on single cards must not wait for pictures
	}
}

// errBusy says that there was no place in time.
var errBusy = &httpd.Error{Status: http.StatusServiceUnavailable, Detail: "Too many files are being checked at the moment. Try again in a minute.", RetryAfter: httpd.InboxRetry}

// files is what a request has sent.
type files struct {
	batch *intake.Batch
	want  wanted
	lang  string // the language that the form names; empty for none
}

// errNoFile says that a form came without a file.
var errNoFile = &httpd.Error{Status: http.StatusBadRequest, Detail: "There is no file in the request."}

// readBody reads a request whose body is a file. The name, for the answer, is none that could be somebody's.
func readBody(r *http.Request) (files, error) {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		return files{}, bodyError(err)
	}
	if len(data) == 0 {
		return files{}, errNoFile
	}
	f := files{batch: intake.NewBatch(intake.Public), want: wantedIn(r.URL.RawQuery)}
	f.batch.AddAs("file", r.Header.Get("Content-Type"), data)
	return f, nil
}

// readForm reads a form with files (RFC 7578) as it comes: nothing of it goes to disk. Its field need is the requirement.
func readForm(r *http.Request) (files, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return files{}, badRequest("The form can't be read.")
	}
	f := files{batch: intake.NewBatch(intake.Public), want: wantedIn(r.URL.RawQuery)}
	for count := 0; ; count++ {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return files{}, bodyError(err)
		}
		if count >= intake.Public.Files {
			return files{}, badRequest("The form has more parts than can be checked at once.")
		}
		name, isFile := part.FormName(), part.FileName() != ""
		if isNeedAmiss(name) || name == "need" && isFile {
			f.want = wanted{bad: true}
			continue
		}
		if !isFile && (name == "need" || name == "lang") {
			if err := f.readField(name, part); err != nil {
				return f, err
			}
			continue
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return files{}, bodyError(err)
		}
		if !isFile { // an empty field for files, or a field of nobody's
			continue
		}
		f.batch.AddAs(intake.CleanName(part.FileName()), part.Header.Get("Content-Type"), data)
	}
	if len(f.batch.Items) == 0 {
		return f, errNoFile
	}
	return f, nil
}

func (f *files) readField(name string, r io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(r, maxField+1))
	if err != nil {
		return bodyError(err)
	}
	if name == "lang" {
		f.lang = string(text)
		return nil
	}
	code, ok := verify.ParseNeed(string(text))
	f.want = wanted{code: code, bad: !ok || len(text) > maxField || f.want.asked()}
	return nil
}

func bodyError(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &httpd.Error{Status: http.StatusRequestEntityTooLarge, Detail: "The files are larger than 20 MB together. Send them in smaller lots.", Err: err}
	}
	if e, ok := errors.AsType[*httpd.Error](err); ok { // the inbox's
		return e
	}
	return badRequest("The body could not be read to its end.")
}

// checked is the answer about one result, and what it is about.
type checked struct {
	intake.Result
	verdict verify.Verdict // as it may be shown
	need    verify.Need    // the answer about the requirement that was asked for; the zero value for none
	answer  intake.PublicResult
}

// check receives the files of a request and checks them. Of more than 1,000 cards it tells nothing: a list that was cut could pass for all.
func (s *site) check(w http.ResponseWriter, r *http.Request, read func(*http.Request) (files, error)) (f files, all []checked, status int, err error) {
	if err := s.limits.Take(r, fileCost+int(max(min(r.ContentLength, maxUpload), 0)>>20), s.Now()); err != nil {
		return f, nil, 0, err
	}
	// The server's own time is for small requests. A writer without deadlines is a test's.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(httpd.InboxWhole + answerTime))
	done, err := s.files.inbox.Open(w, r)
	if err != nil {
		return f, nil, 0, err
	}
	defer done()
	f, err = read(r)
	if err != nil {
		return f, nil, 0, err
	}
	defer f.batch.Close() // it is in memory
	if f.want.bad {
		return f, nil, 0, badRequest(s.english().Form.BadNeed)
	}
	all, status, err = s.checkBatch(r, f)
	return f, all, status, err
}

// checkBatch checks one file after the other, each in a place of its own: between two files of one client those of others have their turn.
func (s *site) checkBatch(r *http.Request, f files) (all []checked, status int, err error) {
	ctx, cancel := context.WithTimeout(r.Context(), filesTime)
	defer cancel()
	status = http.StatusOK
	left := int64(uploadWork)
	for _, it := range f.batch.Items {
		results, work, ok := s.checkFile(ctx, r, it, left)
		if !ok && len(all) == 0 && r.Context().Err() == nil {
			return nil, 0, errBusy
		}
		left -= work
		for _, r := range results {
			v, itemStatus := s.settle(ctx, r.Verdict, r.Err)
			httpd.NoteCard(ctx, seenCard(r, v))
			if itemStatus == http.StatusServiceUnavailable {
				status = itemStatus
			}
			c := checked{Result: r, verdict: v, answer: r.Public(s.publish(ctx, v, f.want.code))}
			if f.want.code != "" {
				c.need = v.MeetsAmong(f.want.code, s.known(ctx, v))
			}
			all = append(all, c)
		}
		if len(all) > maxFileCards {
			return nil, 0, &httpd.Error{Status: http.StatusRequestEntityTooLarge, Detail: "The files hold more than 1,000 cards. Send them in smaller lots."}
		}
	}
	httpd.NoteOutcome(ctx, fmt.Sprintf("files: %d with %d results: %s", len(f.batch.Items), len(all), httpd.CardsOf(ctx)))
	return all, status, nil
}

// checkFile checks a file when there is a place, and has its client pay for the work. ok is false where there was none in time; then the results
// say that the file was not checked.
func (s *site) checkFile(ctx context.Context, r *http.Request, it intake.Item, left int64) (results []intake.Result, work int64, ok bool) {
	leave, ok := s.files.checking.Enter(ctx, r, placeTime)
	if !ok {
		ctx, cancel := context.WithCancel(ctx)
		cancel() // the desk then answers that there was no time for it
		results, _ = s.files.desk.Check(ctx, it)
		return results, 0, false
	}
	w := photo.NewWork(min(fileWork, left))
	start := time.Now()
	// What else a file takes, such as a large PDF without pictures, counts for the turns too.
	defer func() { leave(w.Done() + int64(time.Since(start)/time.Microsecond)) }()
	results, _ = s.files.desk.Check(photo.With(ctx, w), it) // each result has its own error
	s.limits.Charge(r, int(w.Done()/workCost), s.Now())
	return results, w.Done(), true
}

// seenCard is what the numbers learn of a result. The state of a file that a card can't be relied on in is told too: a forger changes
// the page around a genuine QR.
func seenCard(r intake.Result, v verify.Verdict) httpd.Card {
	c := httpd.Card{Code: string(v.Code)}
	if r.File != nil && !r.File.MayBeRelied() {
		c.File = string(r.File.State)
	}
	return c
}

// checkFiles answers a program about files, as about a list: 503 where anything could not be checked.
func (s *site) checkFiles(w http.ResponseWriter, r *http.Request, read func(*http.Request) (files, error)) error {
	f, all, status, err := s.check(w, r, read)
	if err != nil {
		return err
	}
	answer := struct {
		Results []intake.PublicResult `json:"results"`
		Passed  []string              `json:"passed,omitempty"` // files of ZIPs that no card was looked for in
	}{make([]intake.PublicResult, 0, len(all)), f.batch.Passed}
	for _, c := range all {
		answer.Results = append(answer.Results, c.answer)
	}
	return writeAnswer(w, status, answer)
}
