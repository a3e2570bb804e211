package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/internal/config"
	"github.com/cardproof/cardproof/internal/durable"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/internal/serve"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/issuer/status"
	"github.com/cardproof/cardproof/keys"
	"github.com/cardproof/cardproof/verify/statuslist"
)

// lists is a publisher of status lists with the register that it reads.
type lists struct {
	*status.Publisher
	reader *register.Reader
}

// listKey is the key of the status lists that is active now: a rotation counts from the next list on.
type listKey struct {
	centre *config.Config
	pass   issuer.Passphrase
	opened *issuer.StatusKey
}

// open opens the active key, unless it is open already.
func (l *listKey) open() error {
	set, err := keys.Load(keySetPath(l.centre))
	if err != nil {
		return err
	}
	if k, ok := set.Active(l.centre.Issuer.URL, keys.StatusLists); ok && l.opened != nil && l.opened.ID() == k.ID {
		return nil
	}
	l.opened, err = issuer.OpenStatusKey(l.centre.Keys, set, l.centre.Issuer.URL, l.pass)
	return err
}

func (l *listKey) sign(c statuslist.Claims) (string, error) {
	if err := l.open(); err != nil {
		return "", err
	}
	return l.opened.SignList(c)
}

// openLists opens the key of the status lists, and the register to read.
func (a *app) openLists(ctx context.Context, c *config.Config, log *slog.Logger) (*lists, error) {
	key := &listKey{centre: c, pass: a.passphraseOnce(ctx)}
	if err := key.open(); err != nil {
		return nil, err
	}
	reader, err := register.OpenReader(ctx, registerPath(c), register.ReaderOptions{Accept: func(ctx context.Context, ids []string) error {
		set, err := keys.Load(keySetPath(c)) // as it is when a file is opened
		if err != nil {
			return err
		}
		return ofSet(set)(ctx, ids)
	}})
	if err != nil {
		return nil, err
	}
	current := func(ctx context.Context) (*keys.Set, error) { return loadKeys(ctx, c, reader) }
	return &lists{reader: reader, Publisher: status.New(status.Options{
		Register: reader, Keys: current, Sign: key.sign, Issuer: c.Issuer.URL, TTL: c.Lists.TTL, Lifetime: c.Lists.Lifetime, Now: a.now, Log: log,
	})}, nil
}

// Close closes the register.
func (l *lists) Close() error { return l.reader.Close() }

func newStatus(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Sign the status lists, for programs of others",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usageError(cmd, errors.New("status needs a command"))
		},
	}
	cmd.AddCommand(newStatusPublish(a))
	return cmd
}

func newStatusPublish(a *app) *cobra.Command {
	var out string
	var watch bool
	cmd := &cobra.Command{
		Use:   "publish [--out DIR] [--watch]",
		Short: "Write the signed status lists into a folder, for cardproof-verify or any web server",
		Long: `Status publish signs the status lists with their own key and writes each to a file of DIR, whole or not at all: 1.jwt is what is
asked for at /s/1. The card key is not opened. With --watch it goes on until it is stopped, and writes a list anew when a card in it
changes, and before others ask for a newer one; cardproof serve does the same by itself. A list that is not written anew stops counting
after status_list.lifetime of the configuration.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.publishStatus(cmd.Context(), out, watch) },
	}
	cmd.Flags().StringVar(&out, "out", "", "the `folder` to write to (default: public/s beside the configuration file)")
	cmd.Flags().BoolVar(&watch, "watch", false, "go on until stopped")
	return cmd
}

func (a *app) publishStatus(ctx context.Context, out string, watch bool) (err error) {
	c, err := a.load()
	if err != nil {
		return err
	}
	if !c.Card.StatusList {
		return fail(exitUsage, errors.New("cards carry no place in a status list, so there is nothing to publish"),
			"Set card.status_list to true in the configuration; cards that are issued from then on have one.")
	}
	if out == "" {
		out = filepath.Join(filepath.Dir(a.configPath), "public", "s")
	}
	if err := a.refuseOwn(c, "--out", out); err != nil {
		return err
	}
	l, err := a.openLists(ctx, c, serve.NewLog(a.stderr, slog.LevelInfo))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if err := publicFolder(out); err != nil {
		return err
	}
	if err := l.recall(ctx, c, out, a.now()); err != nil {
		return err
	}
	written := map[int64]string{} // the ETag of what is in the folder
	if !watch {
		if err := l.Renew(ctx); err != nil {
			return err
		}
		if err := l.write(out, written); err != nil {
			return err
		}
		for _, n := range slices.Sorted(maps.Keys(written)) {
			fmt.Fprintln(a.stdout, filepath.Join(out, serve.ListFile(n)))
		}
		return nil
	}
	a.say("writing the status lists of %s to %s (Ctrl-C stops)\n", c.Issuer.URL, out)
	l.Run(ctx, func() error { return l.write(out, written) })
	return nil
}

// publicFolder makes a folder that everybody may read, whatever the umask is, where there is none.
func publicFolder(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := durable.MakeFolder(path, 0o755); err != nil {
		return err
	}
	return os.Chmod(path, 0o755)
}

// recall reminds the publisher of the lists in the folder, whose revoked cards stay revoked. A file that is no list of
// ours, or has expired, says nothing.
func (l *lists) recall(ctx context.Context, c *config.Config, out string, now time.Time) error {
	set, err := loadKeys(ctx, c, l.reader)
	if err != nil {
		return err
	}
	lists, err := serve.ReadLists(out, c.Issuer.URL, set, now)
	for n, claims := range lists {
		l.Recall(n, claims)
	}
	return err
}

// write writes the lists that are not in the folder yet.
func (l *lists) write(out string, written map[int64]string) error {
	for n, list := range l.All() {
		if written[n] == list.ETag {
			continue
		}
		path := filepath.Join(out, serve.ListFile(n))
		if _, err := (outFile{flag: "the list", path: path, isOwn: isStatusList}).replaces(); err != nil {
			return err
		}
		// A loss of power may take it back: the next round writes it again, and an older list does no harm that its exp does not end.
		if err := durable.PublishFile(path, list.Raw); err != nil {
			return err
		}
		written[n] = list.ETag
	}
	return nil
}
