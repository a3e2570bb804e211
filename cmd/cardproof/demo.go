package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/assets"
	"github.com/cardproof/cardproof/card"
	"github.com/cardproof/cardproof/internal/durable"
	"github.com/cardproof/cardproof/internal/register"
	"github.com/cardproof/cardproof/internal/work"
	"github.com/cardproof/cardproof/issuer"
	"github.com/cardproof/cardproof/issuer/pdf"
)

// demoListen is where the demo serves unless it is told otherwise or the port is taken.
const demoListen = "127.0.0.1:8080"

type demoOptions struct {
	dir    string
	listen string
	once   bool
}

func newDemo(a *app) *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo [--dir DIR] [--listen ADDR] [--once]",
		Short: "Do the whole main job on a demo roster, then serve it",
		Long: `Demo sets up a training centre in DIR (a new temporary folder by default), issues the cards of twelve invented learners, prints links to
them and the private link of one learner, and serves the pages until Ctrl-C.

With --listen on an address of your network, such as --listen 0.0.0.0:8080, a phone in that network can scan and check the cards.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.dir, "dir", "", "the `folder` to work in (default: a new temporary one)")
	f.StringVar(&o.listen, "listen", "", "`host:port` to listen on (default: "+demoListen+", or another port where that is taken)")
	f.BoolVar(&o.once, "once", false, "stop before serving")
	return cmd
}

func (a *app) demo(ctx context.Context, o demoOptions) error {
	dir, err := demoFolder(o.dir)
	if err != nil {
		return err
	}
	a.configPath = filepath.Join(dir, "config.yaml")
	// A demo that is there goes on: its address stands in the cards that it has issued.
	setUp := initOptions{}
	if c, err := a.load(); err == nil && o.listen == "" {
		o.listen = host(c.Issuer.VerifyURL)
	}
	ln, err := demoListener(ctx, o.listen)
	if err != nil {
		return err
	}
	defer ln.Close() // Serve closes it too
	if _, err := os.Stat(a.configPath); err != nil {
		local, reachable := demoOrigins(ln.Addr().(*net.TCPAddr))
		setUp = initOptions{name: "Riverside Resuscitation Training", url: local, verifyURL: reachable, listen: ln.Addr().String()}
	}
	if _, err := a.setUp(ctx, setUp); err != nil {
		return err
	}
	lines, err := a.issueDemo(ctx, dir)
	if err != nil {
		return err
	}
	if !a.json {
		err = a.tellDemo(ctx, lines, dir, o)
	}
	if err != nil || o.once {
		return err
	}
	c, err := a.load()
	if err != nil {
		return err
	}
	site, err := a.openSite(ctx, c, slog.LevelWarn, nil) // the log of each request would hide what was printed
	if err != nil {
		return err
	}
	defer site.Close() // it only read
	return site.Serve(ctx, ln)
}

// demoListener takes the address before anything is issued: it stands in every QR.
func demoListener(ctx context.Context, listen string) (net.Listener, error) {
	var lc net.ListenConfig
	if listen != "" {
		ln, err := lc.Listen(ctx, "tcp", listen)
		if err != nil {
			return nil, fmt.Errorf("listen on %s: %w", listen, err)
		}
		return ln, nil
	}
	ln, err := lc.Listen(ctx, "tcp", demoListen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return lc.Listen(ctx, "tcp", "127.0.0.1:0")
	}
	return ln, err
}

func demoFolder(dir string) (string, error) {
	if dir == "" {
		return os.MkdirTemp("", "cardproof-demo-")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return filepath.Abs(dir)
}

// demoOrigins are the address for the claim iss, which over plain http has to be localhost, and the one that other machines
// reach, where there is one.
func demoOrigins(at *net.TCPAddr) (local, reachable string) {
	local = fmt.Sprintf("http://localhost:%d", at.Port)
	ip := at.IP
	if ip.IsUnspecified() {
		ip = networkAddress()
	}
	if ip == nil || ip.IsLoopback() {
		return local, local
	}
	return local, "http://" + net.JoinHostPort(ip.String(), fmt.Sprint(at.Port))
}

// networkAddress is this machine's address as others see it: that of the route out, or the first that is no loopback. Nothing is
// sent to find it.
func networkAddress() net.IP {
	if conn, err := net.Dial("udp", "192.0.2.1:9"); err == nil { // an address for documentation (RFC 5737)
		defer conn.Close() // no packet was sent
		if at, ok := conn.LocalAddr().(*net.UDPAddr); ok && at.IP.IsGlobalUnicast() {
			return at.IP
		}
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, addr := range addrs {
		if n, ok := addr.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return n.IP
		}
	}
	return nil
}

func (a *app) issueDemo(ctx context.Context, dir string) (lines []issuer.ManifestLine, err error) {
	c, err := a.openIssuer(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	path := filepath.Join(dir, "roster.csv")
	today := card.DateOf(a.now().In(c.Location))
	if err := durable.WriteFile(path, assets.DemoRoster(today), 0o600); err != nil {
		return nil, err
	}
	start := a.now()
	r, err := new(rosterFlags).read(path, c.config)
	if err != nil {
		return nil, err
	}
	plan, err := c.Prepare(ctx, r)
	if err != nil {
		return nil, err
	}
	if plan.Refused() > 0 {
		return nil, errors.Join(errors.New("the demo roster has rows that are refused; its folder was set up with other courses"), a.printProblems(plan.Problems()))
	}
	out := filepath.Join(dir, "cards")
	result, err := a.run(ctx, c, plan, issuer.Delivery{Dir: out})
	if err != nil {
		return nil, err
	}
	if a.json {
		s := summaryOf(plan, result)
		s.Out, s.Seconds = out, a.now().Sub(start).Seconds()
		return nil, a.printJSON(s)
	}
	return result.Lines, nil
}

// tellDemo prints the cards and what to try with them.
func (a *app) tellDemo(ctx context.Context, lines []issuer.ManifestLine, dir string, o demoOptions) error {
	rows := [][]string{{"HOLDER", "COURSE", "CHECK IT AT"}}
	origin := ""
	for _, l := range lines {
		origin, _, _ = strings.Cut(l.VerifyURL, "/c/")
		rows = append(rows, []string{l.Name, l.Course, origin + "/n/" + l.Number.String()})
	}
	if err := a.table(rows); err != nil {
		return err
	}
	first := lines[0]
	fmt.Fprintf(a.stdout, "\n%s in %s\n", plural(len(lines), "PDF card", "PDF cards"), filepath.Join(dir, "cards"))
	link, err := a.demoLink(ctx, origin, first)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "The page of %s, as only a learner has the link to it: %s\n", first.Name, link)
	if err := a.drawQR(first); err != nil {
		return err
	}
	if o.once {
		return nil
	}
	program, err := os.Executable()
	if err != nil {
		program = "cardproof"
	}
	fmt.Fprintf(a.stdout, `
Open a link above, or print a card and scan it: the page says VALID. Then revoke that card in a second terminal,
  %s --config %s revoke %s --reason "just trying"
and load the page again: it says REVOKED. Serving at %s until Ctrl-C.
`, program, a.configPath, first.Number, origin)
	if strings.HasPrefix(origin, "http://localhost:") {
		fmt.Fprintln(a.stdout, "Only this machine reaches that address; for a phone in your network, run the demo with --listen and this machine's address there, such as --listen 192.168.1.20:8080.")
	}
	return nil
}

// demoLink makes the private link of a card's holder.
func (a *app) demoLink(ctx context.Context, origin string, l issuer.ManifestLine) (link string, err error) {
	err = a.withWriter(ctx, func(ctx context.Context, db *register.DB) error {
		keys, err := db.LearnerOfCard(ctx, l.Number)
		if err != nil {
			return err
		}
		secret, err := db.NewLink(ctx, keys[0], actor(), a.now().UTC())
		link = work.LinkURL(origin, secret, "")
		return err
	})
	return link, err
}

// drawQR draws a card's QR on a terminal that is wide enough, so that a phone can scan the screen.
func (a *app) drawQR(l issuer.ManifestLine) error {
	columns, ok := isTerminal(a.stdout)
	if !ok {
		return nil
	}
	text, width, err := pdf.Text(l.VerifyURL)
	if err != nil {
		return err
	}
	if width > columns {
		fmt.Fprintf(a.stdout, "Make the terminal %d columns wide, and the QR of a card is drawn here.\n", width)
		return nil
	}
	fmt.Fprintf(a.stdout, "\nThe QR of %s's card:\n%s", l.Name, text)
	return nil
}
