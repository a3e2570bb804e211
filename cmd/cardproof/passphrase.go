package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/cardproof/cardproof/issuer"
)

// passphraseVariable is the environment variable that opens an encrypted key where nobody can be asked.
const passphraseVariable = "CARDPROOF_KEY_PASSPHRASE"

// passphrase asks the environment, then the person at the terminal.
func (a *app) passphrase(ctx context.Context) ([]byte, error) {
	return a.secret(ctx, passphraseVariable, "passphrase of the keys: ")
}

func (a *app) secret(ctx context.Context, variable, prompt string) ([]byte, error) {
	if secret, ok := a.ofEnvironment(variable); ok {
		return secret, nil
	}
	return a.ask(ctx, prompt)
}

// newPassphrase is the passphrase of a key to be made. A person types it twice: a slip would lock the key for ever.
func (a *app) newPassphrase(ctx context.Context) ([]byte, error) {
	if secret, ok := a.ofEnvironment(passphraseVariable); ok {
		return secret, nil
	}
	first, err := a.ask(ctx, "new passphrase of the keys: ")
	if err != nil {
		return nil, err
	}
	second, err := a.ask(ctx, "the same again: ")
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(first, second) {
		return nil, fail(exitKey, errors.New("the two passphrases differ"), "Run the command again. No key was made.")
	}
	return first, nil
}

func (a *app) ofEnvironment(variable string) ([]byte, bool) {
	for _, pair := range a.env {
		if value, ok := strings.CutPrefix(pair, variable+"="); ok && value != "" {
			return []byte(value), true
		}
	}
	return nil, false
}

// ask reads a line without showing it. Ctrl-C ends the waiting and gives the terminal back as it was.
func (a *app) ask(ctx context.Context, prompt string) ([]byte, error) {
	in, ok := a.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return nil, fmt.Errorf("%w: none was given", issuer.ErrKeyPassphrase)
	}
	before, err := term.GetState(int(in.Fd()))
	if err != nil {
		return nil, err
	}
	fmt.Fprint(a.stderr, prompt)
	defer fmt.Fprintln(a.stderr)
	type line struct {
		secret []byte
		err    error
	}
	typed := make(chan line, 1)
	go func() { // a read from a terminal can't be called off; it ends with the program
		secret, err := term.ReadPassword(int(in.Fd()))
		typed <- line{secret, err}
	}()
	select {
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), term.Restore(int(in.Fd()), before))
	case l := <-typed:
		if l.err == nil && len(l.secret) == 0 {
			l.err = issuer.ErrKeyPassphrase
		}
		return l.secret, l.err
	}
}
