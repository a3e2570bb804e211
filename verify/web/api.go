package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/verify"
)

const (
	maxItems    = 1000             // in one request
	maxJSONBody = 4 << 20          // bytes: 1,000 tokens of the greatest length, as text
	batchTime   = 20 * time.Second // for one request; what is not answered by then is unavailable
	itemsAPiece = 50               // so many items count as one request more at the rate limit
)

// item is one question of the API: either token or number is set.
type item struct {
	token, number string
	need          string // the code of a requirement; empty for none
}

// batch is the body of a question: one item, or a list of them.
type batch struct {
	items []item
	list  bool
}

// checkAPI answers POST /api/v1/verify, by what is sent: a question as JSON, or files.
func (s *site) checkAPI(w http.ResponseWriter, r *http.Request) error {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		kind = ""
	}
	switch {
	case kind == "application/json":
		return s.checkJSON(w, r)
	case kind == "multipart/form-data" && params["boundary"] != "":
		return s.checkFiles(w, r, readForm)
	case slices.Contains(fileKinds, kind):
		return s.checkFiles(w, r, readBody)
	}
	return &httpd.Error{Status: http.StatusUnsupportedMediaType,
		Detail: "Send the question as application/json, or files as multipart/form-data, application/pdf, image/png, image/jpeg, image/webp or application/zip."}
}

// checkJSON answers a question as JSON. A single question has the status of its verdict. A list is answered in order, with
// 503 where an item could not be answered: a caller that looks at the status alone then takes nothing for checked.
func (s *site) checkJSON(w http.ResponseWriter, r *http.Request) error {
	if wantedIn(r.URL.RawQuery).asked() {
		return badRequest("Beside a JSON body, a requirement in the query is not read. Write it into the body, as the member need.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxJSONBody))
	if err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return err
		}
		return badRequest("The body could not be read to its end.")
	}
	b, err := readBatch(body)
	if err != nil {
		return err
	}
	if !b.list {
		if b.items[0].token != "" {
			noteCode(r.Context(), b.items[0].token)
		}
		v, status := s.ask(r.Context(), b.items[0])
		return writeAnswer(w, status, s.publish(r.Context(), v, b.items[0].need))
	}
	if extra := len(b.items) / itemsAPiece; extra > 0 {
		if err := s.limits.Take(r, extra, s.Now()); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), batchTime)
	defer cancel()
	status := http.StatusOK
	answer := struct {
		Results []verify.Public `json:"results"`
	}{make([]verify.Public, 0, len(b.items))}
	for _, it := range b.items {
		v, itemStatus := s.ask(ctx, it)
		if itemStatus == http.StatusServiceUnavailable {
			status = itemStatus
		}
		answer.Results = append(answer.Results, s.publish(ctx, v, it.need))
	}
	httpd.NoteOutcome(r.Context(), fmt.Sprintf("list of %d: %s", len(b.items), httpd.CardsOf(r.Context())))
	return writeAnswer(w, status, answer)
}

// writeAnswer also says when to come back for what could not be answered.
func writeAnswer(w http.ResponseWriter, status int, answer any) error {
	retryLater(w, status)
	return writeJSON(w, status, answer)
}

// retryLater says with a 503 after how many seconds to come back.
func retryLater(w http.ResponseWriter, status int) {
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "30")
	}
}

func (s *site) ask(ctx context.Context, it item) (verify.Verdict, int) {
	if it.number != "" {
		return s.askNumber(ctx, it.number)
	}
	return s.askToken(ctx, it.token)
}

func badRequest(detail string) error {
	return &httpd.Error{Status: http.StatusBadRequest, Detail: detail}
}

// readBatch reads the body of a question. It is stricter than encoding/json: valid UTF-8, exact names, no member twice, none
// that is unknown, nothing behind the object. What the person asked about is in no error.
func readBatch(body []byte) (batch, error) {
	if !utf8.Valid(body) {
		return batch{}, badRequest("The body is not valid UTF-8.")
	}
	var b batch
	var one item
	d := json.NewDecoder(bytes.NewReader(body))
	err := readObject(d, func(name string) error {
		if name != "items" {
			return one.read(d, name)
		}
		b.list = true
		return b.readItems(d)
	})
	if err != nil {
		return batch{}, err
	}
	if _, err := d.Token(); err != io.EOF {
		return batch{}, badRequest("Something stands behind the JSON object.")
	}
	switch {
	case b.list && (one.token != "" || one.number != ""):
		return batch{}, badRequest("Send either items, or one token or number.")
	case !b.list:
		b.items = []item{one}
	case len(b.items) == 0:
		return batch{}, badRequest("The list of items is empty.")
	}
	for i, it := range b.items {
		if (it.token == "") == (it.number == "") {
			return batch{}, badRequest("Every question has either a token or a number, which is not empty.")
		}
		if it.need == "" {
			b.items[i].need = one.need // beside a list it is for all that have none of their own
		}
	}
	return b, nil
}

func (b *batch) readItems(d *json.Decoder) error {
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return badRequest("The member items is not a list.")
	}
	for d.More() {
		if len(b.items) == maxItems {
			return badRequest("The list has more than 1,000 items.")
		}
		var it item
		if err := readObject(d, func(name string) error { return it.read(d, name) }); err != nil {
			return err
		}
		b.items = append(b.items, it)
	}
	if _, err := d.Token(); err != nil {
		return badRequest("The body is not JSON.")
	}
	return nil
}

func (it *item) read(d *json.Decoder, name string) error {
	target := &it.token
	switch name {
	case "token":
	case "number":
		target = &it.number
	case "need":
		target = &it.need
	default:
		return badRequest("The body has a member other than token, number, need and items.")
	}
	t, err := d.Token()
	text, ok := t.(string)
	if err != nil || !ok {
		return badRequest("The members token, number and need are strings.")
	}
	if target == &it.need {
		if text, ok = verify.ParseNeed(text); !ok {
			return badRequest("The member need is the code of a requirement: 1 to 16 letters, digits or hyphens, such as BLS.")
		}
	}
	*target = text
	return nil
}

// readObject reads one JSON object; member reads the value of each name, none of which may come twice.
func readObject(d *json.Decoder, member func(name string) error) error {
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return badRequest("The question is not a JSON object.")
	}
	seen := make(map[string]bool)
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return badRequest("The body is not JSON.")
		}
		if seen[name] {
			return badRequest("A member of the question stands there twice.")
		}
		seen[name] = true
		if err := member(name); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return badRequest("The body is not JSON.")
	}
	return nil
}
