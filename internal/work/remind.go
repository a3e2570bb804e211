package work

import (
	"cmp"
	"context"

	"github.com/riverqueue/river"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/register"
)

// remind queues the reminders that are due: of each card the nearest alone, so that a week without work does not send all at once.
func (w *Worker) remind(ctx context.Context) error {
	for i, days := range w.Reminders {
		next := 0 // the end of the card
		if i+1 < len(w.Reminders) {
			next = w.Reminders[i+1]
		}
		cards, err := w.Register.CardsToRemind(ctx, days, next, w.Now())
		if err != nil {
			return w.failed("look for reminders", err)
		}
		mails := make([]register.NewMail, len(cards))
		for i, e := range cards {
			language, err := w.languageOf(ctx, &e)
			if err != nil {
				return w.failed("look up the language of a reminder", err)
			}
			mails[i] = register.NewMail{
				Event: register.ReminderEvent(days, e.Number), Kind: register.MailReminder, Number: e.Number, Address: e.Learner.Email, Language: language,
			}
		}
		if err := w.queue(ctx, mails); err != nil {
			return err
		}
	}
	return nil
}

// languageOf is the language of a reminder: the learner's own, that of the mail with the card, or that of the centre.
func (w *Worker) languageOf(ctx context.Context, e *card.Entry) (string, error) {
	if e.Learner.Language != "" {
		return e.Learner.Language, nil
	}
	before, err := w.Register.Mails(ctx, register.MailFilter{Number: e.Number, Limit: 1})
	if err != nil || len(before) == 0 {
		return w.Language, err
	}
	return before[0].Language, nil
}

// links queues the mail with the links of an address, if there are any.
func (w *Worker) links(ctx context.Context, job *river.Job[linksArgs]) error {
	if w.Links == nil {
		return nil
	}
	learners, err := w.Links.LearnersByEmail(ctx, job.Args.Address)
	if err != nil {
		return w.failed("look up the learners of an address", err)
	}
	if len(learners) == 0 {
		return nil
	}
	language, err := w.Register.LanguageOf(ctx, job.Args.Address)
	if err != nil {
		return w.failed("look up the language of an address", err)
	}
	language = cmp.Or(language, job.Args.Language, w.Language)
	return w.queue(ctx, []register.NewMail{{Event: "links:" + job.Args.Request, Kind: register.MailLinks, Address: job.Args.Address, Language: language}})
}

func (w *Worker) queue(ctx context.Context, mails []register.NewMail) error {
	queued, err := w.Register.QueueMails(ctx, mails, w.Actor, w.Now())
	if err != nil {
		return w.failed("queue mails", err)
	}
	if err := w.Deliver(ctx, queued); err != nil {
		return w.failed("put mails into the queue", err) // the next sweep does it
	}
	return nil
}
