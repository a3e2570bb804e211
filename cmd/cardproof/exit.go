package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/issuer/roster"
	"github.com/cardproof/cardproof/issuer/seal"
	"github.com/cardproof/cardproof/issuer/status"
	"github.com/cardproof/cardproof/keys"
)

// The exit codes are a contract; the root command's help lists them.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitRefused     = 3
	exitKey         = 4
	exitRegister    = 5
	exitInterrupted = 130
)

// failure is an error with its exit code and with what to do next, a line each.
type failure struct {
	code  int
	err   error
	hints []string
}

func (f *failure) Error() string { return f.err.Error() }

func (f *failure) Unwrap() error { return f.err }

func fail(code int, err error, hints ...string) error { return &failure{code, err, hints} }

// errRefused is the end of a command whose results have been printed and are not all good.
var errRefused = errors.New("not everything is good")

// report writes an error as one error line and hint lines, and returns the exit code.
func (a *app) report(err error) int {
	if err == nil {
		return exitDone
	}
	if errors.Is(err, errRefused) {
		return exitRefused
	}
	f := explain(err)
	text := strings.Join(strings.Fields(strings.ReplaceAll(f.err.Error(), "\n", "; ")), " ")
	fmt.Fprintf(a.stderr, "error: %s\n", text)
	for _, hint := range f.hints {
		fmt.Fprintf(a.stderr, "hint: %s\n", hint)
	}
	return f.code
}

// explain finds the exit code and the hints of an error: the one place where kinds of errors become advice.
func explain(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	if kind := register.DatabaseKind(err); kind != nil && !errors.Is(err, kind) { // what is kept in the register by others than it
		err = fmt.Errorf("%w: %w", kind, err)
	}
	for _, explain := range []func(error) *failure{explainRun, explainConfig, explainToken, explainKey, explainRegister, explainFile} {
		if f := explain(err); f != nil {
			return f
		}
	}
	return &failure{exitFailed, err, []string{"Run the command with --help to see what it needs; docs/operate.md tells more."}}
}

func explainRun(err error) *failure {
	var move *card.MoveError
	var stale *issuer.StaleError
	var anew *issuer.AnewError
	var taken *issuer.NameTakenError
	var overtaken *issuer.OvertakenError
	var files *issuer.FilesLostError
	var lapsed *card.LapsedError
	switch {
	case errors.Is(err, context.Canceled):
		return &failure{exitInterrupted, errors.New("interrupted"), []string{"Run the same command again: it goes on where it stopped, and does nothing twice."}}
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, register.ErrFull):
		return &failure{exitFailed, err, []string{"The disk is full. Make room, and run the same command again: it goes on where it stopped."}}
	case errors.Is(err, card.ErrRevokedKey):
		return &failure{exitKey, err, []string{"No such card is out. Bring the newest key set to this machine (`cardproof keys list` shows it), and run the same command again: it makes the cards with the key of today."}}
	case errors.Is(err, issuer.ErrUnproved):
		return &failure{exitFailed, err, []string{"The batch was stopped, and this card was not released. Please report this: it is a fault of the program or of the disk."}}
	case errors.As(err, &anew):
		return &failure{exitFailed, err, append(hintLines(anew.Remedy), "Nothing was changed.")}
	case errors.As(err, &taken):
		return &failure{exitFailed, err, []string{taken.Remedy(), "Nothing was changed."}}
	case errors.As(err, &overtaken):
		return &failure{exitFailed, err, []string{overtaken.Remedy()}}
	case errors.As(err, &files):
		return &failure{exitFailed, err, []string{"Run the same `cardproof issue ... --hold` again: it makes the missing files anew, and nobody has the cards yet. Then release the batch."}}
	case errors.As(err, &lapsed):
		return &failure{exitFailed, err, []string{"The others are issued. Run the same command again: it judges this card's prerequisites anew, and says what is missing.",
			fmt.Sprintf("See what happened with `cardproof show %s`.", lapsed.Prior)}}
	case errors.As(err, &move) && move.From == card.Revoked:
		return &failure{exitFailed, err, []string{"Revoking is final: a revoked card never comes into force again.", fmt.Sprintf("See its history with `cardproof show %s`.", move.Number)}}
	case errors.As(err, &move):
		return &failure{exitFailed, err, []string{fmt.Sprintf("See its history with `cardproof show %s`.", move.Number)}}
	case errors.As(err, &stale):
		return &failure{exitRefused, fmt.Errorf("batch %s can't be released any more; nothing of it was", stale.Batch), staleHints(stale)}
	case errors.Is(err, card.ErrNotFound):
		return &failure{exitFailed, err, []string{"Compare the number with the card, and see that --config or --data names the right register."}}
	case errors.Is(err, card.ErrNoBatch):
		return &failure{exitFailed, err, []string{"`cardproof batches` lists the batches of this register; --config or --data names another one."}}
	case errors.Is(err, card.ErrNotHeld):
		return &failure{exitFailed, err, []string{"Its cards were issued without waiting. A run that broke off is finished by the same `cardproof issue` again."}}
	case errors.Is(err, card.ErrUnproved):
		return &failure{exitFailed, err, []string{"Finish it with the same `cardproof issue ... --hold` again, or give it up with `cardproof discard`. Nothing was released."}}
	case errors.Is(err, card.ErrReleased):
		return &failure{exitFailed, err, []string{"Withdraw its cards with `cardproof revoke --batch BATCH --reason TEXT`. Nothing was discarded."}}
	case errors.Is(err, card.ErrDiscarded):
		return &failure{exitFailed, err, []string{"Issue the roster again: it makes a new batch."}}
	case errors.Is(err, card.ErrConflict):
		return &failure{exitFailed, err, []string{"Run the same command again: it sees what the other run has done."}}
	}
	return nil
}

// maxStale is how many cards of a batch are named that can't be released.
const maxStale = 20

// staleHints tells what has changed under a held batch, a line each, and once what can be done.
func staleHints(stale *issuer.StaleError) []string {
	var hints []string
	cards := false
	for i, p := range stale.Problems {
		if i == maxStale {
			hints = append(hints, fmt.Sprintf("... and %d more", len(stale.Problems)-i))
			break
		}
		if p.Column != roster.ColumnPriorCard {
			hints = append(hints, p.Text())
			continue
		}
		cards = true
		hints = append(hints, fmt.Sprintf("card %s of %s", p.Value, p.Message))
	}
	if cards {
		hints = append(hints, "Put that right and release the batch again; or take such a card out with `cardproof revoke NUMBER --reason TEXT` and release the others; or give the batch up with `cardproof discard "+stale.Batch+"`.")
	}
	return hints
}

func explainConfig(err error) *failure {
	var bad *config.Error
	if !errors.As(err, &bad) {
		return nil
	}
	return &failure{exitUsage, err, hintLines(bad.Hint)}
}

func explainKey(err error) *failure {
	hint := ""
	var lost *issuer.KeyLostError
	switch {
	case errors.Is(err, keys.ErrMissing):
		hint = "If this centre has issued cards, restore jwks.json from a backup, or set `keys` in config.yaml to the folder that has it.\nOnly a new centre makes a key with `cardproof keys init`."
	case errors.Is(err, issuer.ErrKeySetLost):
		hint = "Restore jwks.json from a backup: without it every card that this key signed reads as a stranger's.\nIf no card was ever issued with it, move the .pem file away and run the command again."
	case errors.Is(err, issuer.ErrNoActiveKey), errors.Is(err, status.ErrNoKey):
		hint = "`cardproof keys list` shows the keys. If the key was retired or revoked, make the next one with `cardproof keys rotate`.\nIf it belongs to another issuer.url, set that one in config.yaml, or make a key for this one with `cardproof keys init`."
	case errors.Is(err, errOldSet):
		hint = "Restore the newest jwks.json from a backup, or from where it was exported to; it holds public keys only. Nothing was changed."
	case errors.Is(err, issuer.ErrKeyNotActive):
		hint = "Run the command again: it takes the key that is active now. `cardproof keys list` shows which."
	case errors.Is(err, keys.ErrUnknown):
		hint = "`cardproof keys list` shows the IDs; a capital is another letter than a small one. Nothing was changed."
	case errors.Is(err, keys.ErrNotActive):
		hint = "It signs no more as it is. `cardproof keys list` shows the keys. Nothing was changed."
	case errors.As(err, &lost):
		hint = "Run the same `cardproof issue ... --hold` again: it makes these cards anew with the key of today, and nobody has them yet. Then release the batch."
	case errors.Is(err, keys.ErrTime), errors.Is(err, issuer.ErrClock):
		hint = "Set the clock of this machine right, and run the command again."
	case errors.Is(err, keys.ErrUnreadable):
		hint = "Give this user the right to read it; it holds public keys only."
	case errors.Is(err, keys.ErrInvalid):
		hint = "Restore jwks.json from a backup; it holds public keys only. `cardproof keys list` says when it is right again."
	case errors.Is(err, seal.ErrStamp):
		hint = "The card was not released. Run the same command again when the time-stamp server answers, or take seal.timestamp_url out of config.yaml.\nIf it says that a certificate is unknown, name the server's root in seal.timestamp_roots."
	case errors.Is(err, seal.ErrCertificate):
		hint = "Set the clock of this machine right, or renew the certificate: move document.key and document.crt away, keep the roots, and run `cardproof keys init`."
	case errors.Is(err, seal.ErrChain):
		hint = "Name in seal.roots a file with the root that vouches for seal.certificate, and put the certificates between the two into the file of seal.certificate.\n" +
			"The root of an authority vouches for others too: put the certificate itself into the file of seal.roots, below the root, and leave the earlier ones there.\n" +
			"It has to be one for signing documents (extended key usage 1.3.6.1.5.5.7.3.36). Of a .p12 file, `openssl pkcs12 -in FILE -clcerts -nokeys` shows it."
	case errors.Is(err, seal.ErrKey):
		hint = "Name in seal.key the private key that belongs to seal.certificate."
	case errors.Is(err, issuer.ErrRootKey):
		hint = "Bring the private key of the root back from where it is kept, run the command again, and take it away afterwards."
	case errors.Is(err, keys.ErrNoCertificates):
		hint = "`cardproof keys init` makes the document key of a centre that has none. If this centre had one, restore the file from a backup."
	case errors.Is(err, keys.ErrBadCertificates):
		hint = "Restore the file from a backup; it holds certificates in PEM, and nothing secret."
	case errors.Is(err, issuer.ErrKeyMissing):
		hint = "Restore the key file from its backup into the folder `keys` of config.yaml. Issued cards stay valid without it."
	case errors.Is(err, issuer.ErrKeyReadable):
		hint = "Run `chmod 600` on it, and think about who may have read it."
	case errors.Is(err, issuer.ErrKeyForeign):
		hint = "The file holds another key than jwks.json says. Restore the one that belongs to it from its backup."
	case errors.Is(err, issuer.ErrKeyPassphrase):
		hint = "Set CARDPROOF_KEY_PASSPHRASE, or run the command on a terminal and type the passphrase."
	case errors.Is(err, issuer.ErrKeyUnreadable):
		hint = "Run as the user who owns the key; if the file is damaged, restore it from its backup."
	case errors.Is(err, issuer.ErrKeyExists):
		hint = "Nothing was overwritten. `cardproof keys list` shows the keys that are there."
	default:
		return nil
	}
	return &failure{exitKey, err, hintLines(hint)}
}

func explainRegister(err error) *failure {
	for _, kind := range []struct {
		err  error
		hint string
	}{
		{register.ErrMissing, "If this centre has issued cards, name the right folder with --data, or the right database as register in config.yaml, or restore the register from a backup: without it they all read as forged. Only a new centre runs `cardproof init`."},
		{register.ErrURL, "Write it such as postgres://cardproof@db.example.org/cardproof?sslmode=verify-full; docs/postgresql.md tells more."},
		{register.ErrNotEmpty, "Name an empty database, or a file that is not there yet. Nothing was copied."},
		{register.ErrCopyDiffers, "Nothing was copied. Run `cardproof init` of this version first, so that both registers have its form; if that does not help, restore the register from a backup."},
		{register.ErrLockLost, "See that the database server runs and that this machine reaches it, and run the command again: it goes on from what is recorded."},
		{register.ErrUnreachable, "See that the database server runs and that this machine reaches it, and run the command again. Nothing is lost."},
		{register.ErrBehind, "Mend the replication of the database, or take register_read out of config.yaml."},
		{register.ErrNewer, "Install the newer version of cardproof that wrote it. Nothing was changed."},
		{register.ErrOlder, "Run `cardproof init` to bring it up to date; nothing is lost."},
		{register.ErrCorrupt, "Restore the register from a backup. Do not delete it: it says which cards are genuine."},
		{register.ErrDisk, "See what the system says of the disk (`dmesg`), and what room is left on it (`df`). If it is failing, copy the data folder to another one before anything else; then run the same command again."},
		{register.ErrForeign, "Restore this centre's own register and jwks.json, which belong together, or name the right data folder with --data, or the right database as register in config.yaml. Nothing was changed."},
		{register.ErrServer, "A register needs PostgreSQL 15 or newer, and a database in UTF8: docs/postgresql.md."},
		{status.ErrOldRegister, "Restore the newest register, or revoke these cards again by its own list of them. Nothing was signed."},
		{register.ErrAccess, "Run as the user who owns the data folder, or mend its permissions; where its disk can only be read, mount it for writing. A database wants the role and the password of docs/postgresql.md."},
		{register.ErrExchanged, "Somebody has put another file in the register's place meanwhile. Run the command again."},
		{register.ErrBusy, "Wait until the other program has ended, and run the command again."},
	} {
		if errors.Is(err, kind.err) {
			return &failure{exitRegister, err, []string{kind.hint}}
		}
	}
	return nil
}

const restoreArchive = "Restore the archive (the folder `cards` of the data folder, or what `archive` in config.yaml names) from a backup; an issued card is never drawn anew."

const sameArchive = "Where several machines share a register, all need the same archive: name it as `archive` in config.yaml, and run the same command again."

func explainFile(err error) *failure {
	var bad *roster.FileError
	switch {
	case errors.As(err, &bad):
		return &failure{exitFailed, err, hintLines(bad.Hint)}
	case errors.Is(err, issuer.ErrFolder):
		return &failure{exitFailed, err, []string{"Name a folder that you may write with --out. Nothing is lost: the same command again delivers every card."}}
	case errors.Is(err, archive.ErrMissing):
		return &failure{exitFailed, err, []string{restoreArchive, sameArchive}}
	case errors.Is(err, archive.ErrAltered):
		return &failure{exitFailed, err, []string{restoreArchive}}
	case errors.Is(err, archive.ErrGone):
		return &failure{exitFailed, err, []string{
			"See that its disk or share is mounted on this machine, and run the same command again: it goes on where it stopped. No file was put elsewhere that counts.",
			sameArchive,
			"Where the files are lost, bring them back from a backup. Where no card was ever made, make the folder.",
			"Only where they are lost for good, or to try things out with a copy of the register: make an empty file " + archive.AnewName + " in that folder. New cards go there then; the files of the others stay missing."}}
	case errors.Is(err, archive.ErrEmptyMark):
		return &failure{exitFailed, err, []string{"A machine was broken off while it made that file, or makes it now. Run the command again; if it says the same, remove the file, while no `cardproof work` runs."}}
	case errors.Is(err, archive.ErrUnavailable):
		return &failure{exitFailed, err, []string{"See that the server of the bucket runs and can be reached from here (s3.endpoint in config.yaml). Then run the same command again: it goes on where it stopped, and does nothing twice."}}
	case errors.Is(err, archive.ErrRefused):
		return &failure{exitUsage, err, []string{"Look at archive and s3 in config.yaml, and at the credentials (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or ~/.aws/credentials): they need the right to list the bucket, and to get, put and delete objects in it."}}
	case errors.Is(err, syscall.EADDRINUSE):
		return &failure{exitFailed, err, []string{"Another program uses this address. Choose another with --listen, such as --listen 127.0.0.1:8081."}}
	case errors.As(err, new(*net.OpError)):
		return &failure{exitUsage, err, []string{"Give --listen an address of this machine and a port, such as 127.0.0.1:8080."}}
	case errors.Is(err, fs.ErrExist):
		return &failure{exitFailed, err, []string{"Nothing is overwritten. Move that file away, or name another place."}}
	case errors.Is(err, fs.ErrNotExist):
		return &failure{exitFailed, err, []string{"Look at the name: there is no such file or folder."}}
	case errors.Is(err, syscall.EROFS):
		return &failure{exitFailed, err, []string{"That place can only be read. Mount it for writing, or name another one, and run the same command again. Nothing is lost."}}
	case errors.Is(err, fs.ErrPermission):
		return &failure{exitFailed, err, []string{"Run as a user who may read and write there, or choose another place."}}
	}
	return nil
}

func hintLines(hint string) []string {
	if hint == "" {
		return nil
	}
	return strings.Split(hint, "\n")
}

// usageError is a command line that can't be understood.
func usageError(cmd *cobra.Command, err error) error {
	return fail(exitUsage, err, fmt.Sprintf("Run `%s --help` to see how it is used.", cmd.CommandPath()))
}

// oneArgument takes exactly one argument; what says what it is.
func oneArgument(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return fmt.Errorf("%s needs %s", cmd.Name(), what)
		case 1:
			return nil
		}
		return fmt.Errorf("%s takes one at a time, and %d were given; a name with spaces stands in quotation marks", cmd.Name(), len(args))
	}
}

// noteStart tells the errors that cobra finds in a command line from those of the command itself: it returns whether the
// command was begun.
func noteStart(cmd *cobra.Command) (started func() bool) {
	begun := false
	var wrap func(*cobra.Command)
	wrap = func(cmd *cobra.Command) {
		if do := cmd.RunE; do != nil {
			cmd.RunE = func(cmd *cobra.Command, args []string) error {
				begun = true
				return do(cmd, args)
			}
		}
		for _, sub := range cmd.Commands() {
			wrap(sub)
		}
	}
	wrap(cmd)
	return func() bool { return begun }
}
