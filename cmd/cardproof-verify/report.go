package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"github.com/cardproof/cardproof/internal/archive"
	"github.com/cardproof/cardproof/internal/config/public"
	"github.com/cardproof/cardproof/internal/httpd/certificate"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/internal/serve"
	"github.com/cardproof/cardproof/keys"
)

// usageError is a command line that can't be understood.
type usageError struct{ error }

// report writes an error as one error line and a hint line, and returns the exit code.
func report(err error, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	code, hint := advise(err)
	fmt.Fprintf(stderr, "error: %s\n", strings.Join(strings.Fields(err.Error()), " "))
	for line := range strings.Lines(hint) {
		fmt.Fprintf(stderr, "hint: %s\n", strings.TrimSpace(line))
	}
	return code
}

func advise(err error) (code int, hint string) {
	var bad *public.Error
	var usage *usageError
	switch {
	case errors.As(err, &usage):
		return exitUsage, "Run `cardproof-verify --help` to see how it is used."
	case errors.As(err, &bad):
		return exitUsage, bad.Hint
	case errors.Is(err, errPrivateKey):
		return exitKey, "Run the server as a user of its own, and give it the output of `cardproof keys export` in a folder without private keys.\nA key for TLS has to lie elsewhere too, such as in a folder tls beside verify.yaml."
	case errors.Is(err, keys.ErrUnreadable):
		return exitKey, "Give the server's user the right to read the public key set."
	case errors.Is(err, keys.ErrMissing), errors.Is(err, keys.ErrInvalid):
		return exitKey, "Write it with `cardproof keys export --out FILE`, and name it in verify.yaml as jwks."
	case errors.Is(err, keys.ErrNoCertificates), errors.Is(err, keys.ErrBadCertificates):
		return exitKey, "Copy document-roots.crt out of the issuer's folder of keys, and name the copy in verify.yaml as roots; or leave roots empty."
	case errors.Is(err, register.ErrUnreachable):
		return exitRegister, "See that the database server runs and that this machine reaches it, and start the server again."
	case errors.Is(err, register.ErrBehind):
		return exitRegister, "Mend the replication of the database, or name another one in verify.yaml as register."
	case errors.Is(err, register.ErrURL):
		return exitUsage, "Write it such as postgres://cardproof_reader@db.example.org/cardproof?sslmode=verify-full; docs/postgresql.md tells more."
	case errors.Is(err, archive.ErrMayWrite):
		return exitUsage, "Give this server credentials of its own that may only list the bucket and get objects from it: whoever breaks into the server shall not be able to change a card's file."
	case errors.Is(err, archive.ErrRefused):
		return exitUsage, "Look at archive and s3 in verify.yaml, and at the credentials (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the credentials file): they need the right to list the bucket and to get objects from it. Or leave archive empty for no learners' pages."
	case errors.Is(err, register.ErrMissing):
		return exitRegister, "Name the issuer's register.db, or the URL of its database, in verify.yaml as register."
	case errors.Is(err, register.ErrOlder):
		return exitRegister, "Run `cardproof init` of this version beside the register to bring it up to date."
	case errors.Is(err, register.ErrNewer):
		return exitRegister, "Install the version of cardproof-verify that belongs to the issuer's cardproof."
	case errors.Is(err, register.ErrAccess):
		return exitRegister, "Give the server's user the right to read the register and its -wal and -shm files; a database wants the role of docs/postgresql.md."
	case errors.Is(err, register.ErrForeign):
		return exitRegister, "Name in verify.yaml the register and the key set of one centre; after a rotation of keys, run `cardproof keys export` again."
	case errors.Is(err, register.ErrServer):
		return exitRegister, "A register needs PostgreSQL 15 or newer, and a database in UTF8: docs/postgresql.md."
	case errors.Is(err, register.ErrCorrupt):
		return exitRegister, "Restore the register from a backup, and see that verify.yaml names it."
	case errors.Is(err, register.ErrBusy), errors.Is(err, register.ErrFull):
		return exitRegister, "Wait until the other program has ended or make room on the disk, and start the server again."
	case errors.Is(err, certificate.ErrCardKey):
		return exitKey, "Make a key for TLS alone, and name it in verify.yaml as server.tls.key."
	case errors.Is(err, serve.ErrCertificate):
		return exitFailed, "Look at the files and the folder that verify.yaml names under server.tls; the server's user has to read them."
	case errors.Is(err, syscall.EADDRINUSE):
		return exitFailed, "Another program uses this address. Choose another with --listen, or under server in verify.yaml."
	}
	return exitFailed, "Run `cardproof-verify --help` to see what it needs; docs/operate.md tells more."
}
