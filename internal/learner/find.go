package learner

import (
	"errors"
	"net/http"
	"net/mail"
	"strings"

	"github.com/cardproof/cardproof/internal/httpd"
	"github.com/cardproof/cardproof/verify/web"
	"github.com/cardproof/cardproof/verify/web/phrase"
)

const (
	maxFindForm = 4 << 10 // bytes
	maxAddress  = 254     // bytes (RFC 5321, section 4.5.3.1.3, less the angle brackets)

	askRate      = 0.05 // wishes a second, of one client
	askBurst     = 10
	addressRate  = 1.0 / 1200 // wishes a second that are passed on for one address: nobody's mailbox is flooded by this form
	addressBurst = 3
)

// FindPath is where learners ask for their links.
const FindPath = "/find"

type findPage struct {
	web.Frame
	Lead           string
	Typed, Problem string
	Lang           string
	Sent           bool
	Wait           string
	Again          string // the address of the empty form
}

// ask is the form.
func (p *pages) ask(w http.ResponseWriter, r *http.Request) error {
	return p.writeFind(w, r, http.StatusOK, "", "")
}

func (p *pages) writeFind(w http.ResponseWriter, r *http.Request, status int, typed, problem string) error {
	rd := p.shell.Reader(r)
	return p.shell.Write(w, rd, status, p.find, findPage{
		Frame: p.shell.Frame(rd, rd.Find.Title), Lead: rd.Say(rd.Find.Lead, "issuer", p.shell.Issuer().Name),
		Typed: typed, Problem: problem, Lang: rd.Lang(),
	})
}

// asked takes the form. Whatever is known of an address, the answer is the same, and so is the work: whether there are cards is looked up
// when nobody waits for it any more. An address that was asked for too often is answered like all others, and gets no mail.
func (p *pages) asked(w http.ResponseWriter, r *http.Request) error {
	if err := p.crossOrigin.Check(r); err != nil { // another site must not make a browser send mail from here
		return &httpd.Error{Status: http.StatusForbidden, Detail: "The form came from another site."}
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxFindForm)
	if err := r.ParseForm(); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return err
		}
		return &httpd.Error{Status: http.StatusBadRequest, Detail: "The form could not be read."}
	}
	now, rd := p.now(), p.shell.Reader(r)
	if err := p.asks.Take(r, 1, now); err != nil {
		return err
	}
	typed := strings.TrimSpace(r.PostForm.Get("email"))
	if !isAddress(typed) {
		return p.writeFind(w, r, http.StatusBadRequest, typed, rd.Find.Bad)
	}
	if p.addresses.Take(strings.ToLower(typed), now) {
		ctx, cancel := p.limit(r)
		defer cancel()
		if err := p.Requests.LinksWanted(ctx, typed, rd.Code); err != nil {
			return unavailable(discreet(err, typed))
		}
	}
	httpd.NoteOutcome(r.Context(), "links wanted")
	w.Header().Set("Location", FindPath+"/sent"+rd.Query())
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// sentOff is where everybody arrives who has asked.
func (p *pages) sentOff(w http.ResponseWriter, r *http.Request) error {
	rd := p.shell.Reader(r)
	return p.shell.Write(w, rd, http.StatusOK, p.find, findPage{
		Frame: p.shell.Frame(rd, rd.Find.Sent), Sent: true, Wait: rd.Say(rd.Find.Wait, "issuer", p.shell.Issuer().Name), Again: FindPath + rd.Query(),
	})
}

// isAddress says whether s is one bare e-mail address. Whether a mailbox has it, only a mail can tell.
func isAddress(s string) bool {
	m, err := mail.ParseAddress(s)
	return err == nil && m.Address == s && m.Name == "" && len(s) <= maxAddress && !strings.ContainsAny(s, "\r\n")
}

// discreet is an error for the log, which may hold no address.
func discreet(err error, address string) error {
	if strings.Contains(strings.ToLower(err.Error()), strings.ToLower(address)) {
		return errors.New("the wish for links could not be noted")
	}
	return err
}

// notSentHere stands in place of the form where nobody takes wishes for links.
func (p *pages) notSentHere(w http.ResponseWriter, r *http.Request) error {
	rd := p.shell.Reader(r)
	return p.notHere(w, rd, rd.Find.NotHere)
}

// notStoppedHere answers the links in reminders where nobody takes them. It is no success for a mail program either, which would tell the
// learner that the reminders have ended (RFC 8058).
func (p *pages) notStoppedHere(w http.ResponseWriter, r *http.Request) error {
	rd := p.shell.Reader(r)
	return p.notHere(w, rd, rd.Find.NoStop)
}

func (p *pages) notHere(w http.ResponseWriter, rd web.Reader, says phrase.NotHere) error {
	return p.shell.Write(w, rd, http.StatusNotFound, p.notice, noticePage{
		Frame: p.shell.Frame(rd, says.Heading), Heading: says.Heading, Text: rd.Say(says.Text, "issuer", p.shell.Issuer().Name),
	})
}
