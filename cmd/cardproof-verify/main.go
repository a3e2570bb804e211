// Command cardproof-verify is the public server alone: the verdict pages and the JSON interface. It reads the register and the
// public keys, and has no code in it that could open a private key; it refuses to start where it could read one.
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/cardproof/cardproof/assets"
	"github.com/cardproof/cardproof/internal/config/public"
	"github.com/cardproof/cardproof/internal/serve"
)

// version is set by the build; a build from a working copy has none.
var version = ""

// The exit codes are those of cardproof.
const (
	exitFailed   = 1
	exitUsage    = 2
	exitKey      = 4
	exitRegister = 5
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the first signal stops in peace, and a second one ends at once
	code := run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args, env []string, stdout, stderr io.Writer) int {
	var configPath, listen string
	var printConfig bool
	cmd := &cobra.Command{
		Use:   "cardproof-verify [--config FILE] [--listen ADDR]",
		Short: "Serve the pages and the interface that check cards",
		Long: `Cardproof-verify answers whether cards are valid. It needs the register, which it only reads, and the public key set that
"cardproof keys export" writes; no private key may be readable to its user.`,
		Version:       cmp.Or(version, "development"),
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if printConfig {
				_, err := stdout.Write(assets.VerifyConfig())
				return err
			}
			return listenAndServe(cmd.Context(), configPath, listen, env, stderr)
		},
	}
	cmd.Flags().StringVar(&configPath, "config", "verify.yaml", "the configuration `file`")
	cmd.Flags().StringVar(&listen, "listen", "", "`host:port` to listen on (default: server.listen of the configuration)")
	cmd.Flags().BoolVar(&printConfig, "print-config", false, "print a configuration to start from, and end")
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	started := false
	serve := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		started = true
		return serve(cmd, args)
	}
	err := cmd.ExecuteContext(ctx)
	if err != nil && !started {
		err = &usageError{err}
	}
	return report(err, stderr)
}

func listenAndServe(ctx context.Context, configPath, listen string, env []string, stderr io.Writer) error {
	c, err := public.Load(configPath, env)
	if err != nil {
		return err
	}
	// Where a key lies by default: beside the key set, the roots, the lists, the configuration, or the register's data folder.
	dirs := []string{filepath.Dir(c.JWKS), besideFolder(configPath), c.Lists}
	if !public.IsDatabase(c.Register) {
		dirs = append(dirs, besideFolder(filepath.Dir(c.Register)))
	}
	if c.Roots != "" {
		dirs = append(dirs, filepath.Dir(c.Roots))
	}
	if c.Archive != "" && !public.IsBucket(c.Archive) {
		if _, err := os.ReadDir(c.Archive); err != nil { // else every download would fail, and nobody would know why
			bad := public.Invalid("archive", "can't be listed", "Give this user the right to read the folder and the files in it, or leave archive empty for no learners' pages.")
			bad.File, bad.Err = configPath, err
			return bad
		}
		dirs = append(dirs, c.Archive, besideFolder(c.Archive), besideFolder(filepath.Dir(c.Archive)))
	}
	for _, dir := range dirs {
		if err := refusePrivateKeys(dir); err != nil {
			return err
		}
	}
	if listen == "" {
		listen = c.Server.Listen
	}
	log := serve.NewLog(stderr, slog.LevelInfo)
	files, err := serve.OpenFiles(ctx, c.Archive, c.S3, true, env, log)
	if err != nil {
		return err
	}
	site, err := serve.Open(ctx, serve.Options{
		Register: c.Register, JWKS: c.JWKS, Roots: c.Roots, Issuer: c.Issuer, Server: c.Server, Lists: serve.Lists{Folder: c.Lists},
		Files: files, Learner: c.Learner,
		Version: version, Log: log, Now: time.Now, TrustClock: serve.TrustsClock(env),
	})
	if err != nil {
		return err
	}
	defer site.Close() // it only read
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", listen, err)
	}
	return site.Serve(ctx, ln)
}

// errPrivateKey says that this user can read a private key.
var errPrivateKey = errors.New("this user can read a private key")

// refusePrivateKeys looks where a private key would lie if somebody pointed the server at the issuer's own folder. Whoever
// breaks into the server must not find a key.
func refusePrivateKeys(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // what it can't list it can't lose
	}
	for _, e := range entries {
		if path := filepath.Join(dir, e.Name()); readsPrivateKey(path) {
			return fmt.Errorf("%w: %s", errPrivateKey, path)
		}
	}
	return nil
}

// besideFolder is the folder keys beside a file or folder.
func besideFolder(path string) string { return filepath.Join(filepath.Dir(path), "keys") }

// keyNames are how files end that hold a private key, also where it can't be told from the bytes, or that say in which token it lies.
var keyNames = []string{".key", ".p12", ".pfx", ".pkcs11"}

func readsPrivateKey(path string) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false // what it can't read it can't lose
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close() // it was only read
	if slices.Contains(keyNames, strings.ToLower(filepath.Ext(path))) {
		return true
	}
	head, err := io.ReadAll(io.LimitReader(f, 1<<20))
	return err == nil && (bytes.Contains(head, []byte("PRIVATE KEY-----")) || isPKCS12(head))
}

// isPKCS12 says whether a file begins as PKCS#12 does, under whatever name: a sequence with the version 3, and another sequence behind it
// (RFC 7292, section 4).
func isPKCS12(file []byte) bool {
	if len(file) < 2 || file[0] != 0x30 {
		return false
	}
	length := 0
	if file[1] > 0x80 { // the long form; 0x80 alone is the indefinite one
		length = int(file[1] & 0x7f)
	}
	return len(file) > 2+length && bytes.HasPrefix(file[2+length:], []byte{0x02, 0x01, 0x03, 0x30})
}
