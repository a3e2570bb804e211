// Package link has the paths of the secret links that learners get by mail: who writes the mails and who answers the links read them here.
package link

// The paths, with the secret behind them.
const (
	Own  = "/my/"          // a learner's own pages
	Stop = "/unsubscribe/" // the end of the reminders
)
