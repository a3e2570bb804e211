package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/internal/serve"
)

func newServe(a *app) *cobra.Command {
	var listen string
	var noWork bool
	cmd := &cobra.Command{
		Use:   "serve [--listen ADDR] [--no-work]",
		Short: "Serve the public pages, with the register beside them",
		Long: `Serve answers the public pages and the JSON interface from the centre's register, and the status lists, which it signs with their own
key. The key that signs cards is not opened. Where the configuration has a mail server, it also sends the mails that wait and
the reminders, as "cardproof work" does.
On a machine of its own, use cardproof-verify instead: it has no code that could open a private key.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context(), listen, noWork) },
	}
	cmd.Flags().StringVar(&listen, "listen", "", "`host:port` to listen on (default: server.listen of the configuration)")
	cmd.Flags().BoolVar(&noWork, "no-work", false, "send no mails; \"cardproof work\" does it")
	return cmd
}

func (a *app) serve(ctx context.Context, listen string, noWork bool) error {
	c, err := a.load()
	if err != nil {
		return err
	}
	if listen == "" {
		listen = c.Server.Listen
	}
	var w *worker
	if c.Mail.On() {
		if w, err = a.openWorker(ctx, c, serve.NewLog(a.stderr, slog.LevelInfo)); err != nil {
			return err
		}
		defer w.Close() // what was done is on disk
	}
	site, err := a.openSite(ctx, c, slog.LevelInfo, w)
	if err != nil {
		return err
	}
	defer site.Close() // it only read
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", listen, err)
	}
	scheme := "http"
	if c.Server.TLS.On() {
		scheme = "https"
	}
	if w != nil && !noWork {
		defer w.beside(ctx)()
	}
	a.say("serving %s at %s://%s (Ctrl-C stops)\n", c.Issuer.URL, scheme, ln.Addr())
	return site.Serve(ctx, ln)
}
