package work

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/link"
	"github.com/cardproof/cardproof/internal/post"
	"github.com/cardproof/cardproof/internal/register"
)

// What jobs fail with is kept in the queue's file, so these say nothing of anybody.
var (
	errLater    = errors.New("not sent yet")
	errWork     = errors.New("the work could not be done; the log says why")
	errStopping = errors.New("the worker stops")
)

// pauseWhenDown is for how long the server is left alone after it could not be reached.
const pauseWhenDown = 10 * time.Second

// argsOf is which mail a job is about, if it is about one.
func argsOf(row *rivertype.JobRow) (args deliverArgs, ok bool) {
	err := json.Unmarshal(row.EncodedArgs, &args)
	return args, err == nil && row.Kind == args.Kind()
}

// deliver sends one mail, if the register says that this job may.
func (w *Worker) deliver(ctx context.Context, job *river.Job[deliverArgs]) error {
	if err := w.takeTurn(ctx); err != nil {
		return river.JobSnooze(0)
	}
	defer w.endTurn()
	m, ok, err := w.Register.FindMail(ctx, job.Args.Mail)
	if err != nil {
		return w.failed("look up a mail", err)
	}
	switch {
	case !ok || m.State != register.MailQueued || m.Turn < job.Args.Turn:
		return nil // it was sent by then, or another job has it
	case m.Turn > job.Args.Turn:
		return w.again(ctx, m.ID) // it was corrected: the new turn need not wait for the next sweep
	}
	if w.Now().Before(w.down) {
		return errLater
	}
	if err := w.waitForRate(ctx); err != nil {
		return river.JobSnooze(0)
	}
	return w.send(ctx, m)
}

// waitForRate keeps to so many mails a minute. It ends when the worker stops.
func (w *Worker) waitForRate(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-w.stopping:
			cancel()
		case <-ctx.Done():
		}
	}()
	return w.limit.Wait(ctx)
}

// send sends a mail that is queued, and writes down what came of it.
func (w *Worker) send(ctx context.Context, m register.Mail) error {
	e, why, err := w.mayGo(ctx, m)
	if err != nil {
		return w.failed("look up what a mail is about", err)
	}
	if why != "" {
		return w.end(ctx, m, register.MailStopped, why)
	}
	if m.Kind != register.MailLinks && m.Address != e.Learner.Email {
		return w.follow(ctx, m)
	}
	to, err := post.ParseAddress(m.Address)
	if err != nil {
		return w.end(ctx, m, register.MailRefused, "it was not sent: "+err.Error())
	}
	ok, err := w.Register.BeginMail(ctx, m.ID, m.Turn, w.Actor, w.Now())
	if err != nil {
		return w.failed("begin a mail", err)
	}
	if !ok {
		return w.again(ctx, m.ID) // it was corrected in between, if it still waits
	}
	var secrets []string
	result := w.sender.Send(ctx, post.Mail{
		From: w.Writer.Sender(), To: to,
		Build: func() (text []byte, err error) { text, secrets, err = w.build(ctx, m, e, to); return text, err },
		Dot:   func() error { return w.Register.MarkDot(ctx, m.ID, m.Turn, w.Now()) },
	})
	if result.Down {
		w.down = w.Now().Add(pauseWhenDown)
		w.Log.Warn("the mail server can't be reached or does not take this centre's mails; they wait. `cardproof mail status` says why")
	}
	return w.conclude(ctx, m, result, secrets)
}

// conclude writes down what came of a mail. secrets are those of the links in it.
func (w *Worker) conclude(ctx context.Context, m register.Mail, result post.Result, secrets []string) error {
	switch result.Outcome {
	case post.Accepted:
		return w.end(ctx, m, register.MailAccepted, result.Words)
	case post.Refused:
		return w.end(ctx, m, register.MailRefused, result.Words)
	case post.Unknown:
		return w.end(ctx, m, register.MailUnknown, result.Words)
	}
	state := register.MailQueued
	first, err := w.Register.FirstAttempt(ctx, m.ID) // and not since it was queued: a worker that was off for days has tried nothing yet
	if err != nil {
		w.Log.Error("mails wait: look up the attempts of a mail", "error", err)
	}
	if !first.IsZero() && w.Now().Sub(first) >= w.GiveUpAfter {
		state = register.MailGivenUp
	}
	err = w.Register.EndMail(context.WithoutCancel(ctx), m.ID, m.Turn, state, result.Words, w.Actor, w.Now())
	switch {
	case errors.Is(err, register.ErrMailMoved):
		return errors.Join(w.endLinks(context.WithoutCancel(ctx), secrets), w.again(ctx, m.ID))
	case err != nil:
		return w.failed("write down what came of a mail", err)
	case state == register.MailGivenUp:
		return nil
	}
	return errLater
}

// endLinks revokes the links of a mail whose address was corrected while it was sent: without its dot it is with nobody, and so are they.
func (w *Worker) endLinks(ctx context.Context, secrets []string) error {
	for _, secret := range secrets {
		if err := w.Links.EndLink(ctx, secret, w.Actor, w.Now()); err != nil {
			return w.failed("revoke the link of a mail that was not sent", err)
		}
	}
	return nil
}

// follow has a mail whose address was corrected go to the new one, in a turn of its own.
func (w *Worker) follow(ctx context.Context, m register.Mail) error {
	if _, err := w.Register.FollowCard(ctx, m.Number, w.Actor, w.Now()); err != nil {
		return w.failed("correct the address of a mail", err)
	}
	return w.again(ctx, m.ID)
}

// again puts in a job for a mail in the turn that it has now.
func (w *Worker) again(ctx context.Context, id int64) error {
	m, _, err := w.Register.FindMail(ctx, id)
	if err == nil && m.State == register.MailQueued {
		err = w.Deliver(ctx, []register.Mail{m})
	}
	if err != nil {
		return w.failed("put a mail into the queue", err) // the next sweep does it
	}
	return nil
}

// mayGo answers the card that a mail is about, and why the mail is not to be sent: empty where it is.
func (w *Worker) mayGo(ctx context.Context, m register.Mail) (e card.Entry, why string, err error) {
	if m.Kind == register.MailLinks {
		learners, err := w.Links.LearnersByEmail(ctx, m.Address)
		if err == nil && len(learners) == 0 {
			why = "no card that is out has this address any more"
		}
		return e, why, err
	}
	e, ok, err := w.Register.FindEntry(ctx, m.Number)
	switch {
	case err != nil:
		return e, "", err
	case !ok:
		return e, "", card.ErrNotFound
	case e.State != card.Issued:
		return e, "the card is " + string(e.State), nil
	case e.Learner.Email == "":
		return e, "the register has no address of the learner any more", nil
	case m.Kind != register.MailReminder:
		return e, "", nil
	case !e.ExpiresAt.After(w.Now()):
		return e, "the card has expired", nil
	}
	if renewal, ok, err := w.Register.FindRenewal(ctx, m.Number); err != nil || ok {
		return e, "the card was renewed by " + renewal.String(), err
	}
	wants, err := w.Register.WantsReminders(ctx, e.Learner.Email)
	if err == nil && !wants {
		why = "the learner wants no reminders"
	}
	return e, why, err
}

// build makes the mail, with links that nobody else has and that are kept nowhere, and answers their secrets.
func (w *Worker) build(ctx context.Context, m register.Mail, e card.Entry, to post.Address) (text []byte, secrets []string, err error) {
	l := post.Letter{
		Event: m.Event, Copy: m.Copy, Kind: post.Kind(m.Kind), Language: m.Language, To: to, Name: e.Name, Course: e.Qualification.Title,
		Number: m.Number, Through: e.ExpiresOn, Date: w.Now(),
	}
	learners := []card.LearnerKey{KeyOf(&e)}
	if m.Kind == register.MailLinks {
		if learners, err = w.Links.LearnersByEmail(ctx, m.Address); err != nil {
			return nil, secrets, err
		}
	}
	if w.Links != nil {
		for _, learner := range learners {
			secret, err := w.Links.NewLink(ctx, learner, w.Actor, w.Now())
			if err != nil {
				return nil, secrets, err
			}
			secrets = append(secrets, secret)
			link := post.Link{URL: LinkURL(w.URL, secret, e.Learner.Language)}
			if m.Kind == register.MailLinks { // in the language of the mail, which is the learner's or that of the page where they asked
				link = post.Link{Name: learner.Name, URL: LinkURL(w.URL, secret, m.Language)}
			}
			l.Links = append(l.Links, link)
		}
	}
	switch {
	case m.Kind == register.MailReminder:
		secret := rand.Text() // 128 bits and more
		if err := w.Register.NewStopLink(ctx, secret, m.Address, w.Now()); err != nil {
			return nil, secrets, err
		}
		l.Stop = w.URL + link.Stop + secret
	case m.Kind != register.MailLinks && w.Attach:
		if l.PDF, err = w.Archive.Get(ctx, e.Number, e.SHA256); err != nil {
			return nil, secrets, err
		}
	}
	text, err = w.Writer.Write(l)
	return text, secrets, err
}

// LinkURL is the address behind a learner's link. With the code of a language the page is in that one, whatever the browser asks for.
func LinkURL(origin, secret, language string) string {
	url := origin + link.Own + secret
	if language != "" {
		url += "?lang=" + language
	}
	return url
}

// KeyOf is whom a card is of.
func KeyOf(e *card.Entry) card.LearnerKey {
	return card.LearnerKey{ID: e.Learner.ID, Email: e.Learner.Email, Name: e.Name, Course: e.Course, Completed: e.Completed}
}

// end writes down what came of a mail. Where that fails, the next sweep says what is known of it.
func (w *Worker) end(ctx context.Context, m register.Mail, state register.MailState, words string) error {
	err := w.Register.EndMail(context.WithoutCancel(ctx), m.ID, m.Turn, state, words, w.Actor, w.Now())
	if err != nil {
		return w.failed("write down what came of a mail", err)
	}
	return nil
}

// failed tells of a fault of this machine, which a person has to look at.
func (w *Worker) failed(doing string, err error) error {
	w.Log.Error("mails wait: "+doing, "error", err)
	return errWork
}
