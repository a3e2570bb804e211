package seal

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"net/http"
	"time"

	"github.com/sethvargo/go-retry"

	verifyseal "github.com/cardproof/cardproof/verify/seal"
)

// The limits on an answer of a time-stamp server, and how often it is asked.
const (
	maxReply = 48 << 10 // bytes
	tries    = 3
	pause    = 500 * time.Millisecond // before the second try; then twice as long
)

// Stamper asks a time-stamp server (RFC 3161, over HTTP as in its section 3.4). It is safe for concurrent use.
type Stamper struct {
	URL     string
	Roots   *x509.CertPool // those of the server; nil for the system's
	Timeout time.Duration  // of one try
	Client  *http.Client   // nil for the standard one
	Now     func() time.Time
}

// tsaSkew is how far the server's clock may be from this machine's: farther, and one of the two is wrong.
const tsaSkew = 10 * time.Minute

// stampRequest is RFC 3161's TimeStampReq, 2.4.1.
type stampRequest struct {
	Version int
	Imprint struct {
		Algorithm struct {
			ID   asn1.ObjectIdentifier
			Null asn1.RawValue
		}
		Digest []byte
	}
	Nonce       *big.Int
	Certificate bool // whether the answer shall bring the server's certificate along
}

// stampReply is RFC 3161's TimeStampResp, 2.4.2.
type stampReply struct {
	Status struct {
		Status  int
		Text    []asn1.RawValue `asn1:"optional"`
		Failure asn1.BitString  `asn1:"optional"`
	}
	Token asn1.RawValue `asn1:"optional"`
}

// errLater marks what another try may mend.
var errLater = errors.New("try later")

// stamp gets a time stamp of a message. Failures of the network and of the server are tried again; an answer that can't be trusted
// is not. The error is ErrStamp, or the context's.
func (s *Stamper) stamp(ctx context.Context, message []byte) ([]byte, error) {
	token, err := retry.DoValue(ctx, retry.WithMaxRetries(tries-1, retry.NewExponential(pause)), func(ctx context.Context) ([]byte, error) {
		token, err := s.try(ctx, message)
		if errors.Is(err, errLater) {
			err = retry.RetryableError(err)
		}
		return token, err
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("%w from %s: %w", ErrStamp, s.URL, err)
	}
	return token, nil
}

func (s *Stamper) try(ctx context.Context, message []byte) ([]byte, error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		return nil, err
	}
	r := stampRequest{Version: 1, Nonce: nonce, Certificate: true}
	digest := sha256.Sum256(message)
	r.Imprint.Algorithm.ID = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	r.Imprint.Algorithm.Null = asn1.NullRawValue
	r.Imprint.Digest = digest[:]
	request, err := asn1.Marshal(r)
	if err != nil {
		return nil, err
	}
	body, err := s.post(ctx, request)
	if err != nil {
		return nil, err
	}
	token, err := readReply(body)
	if err != nil {
		return nil, err
	}
	got, err := verifyseal.CheckStamp(token, message, s.Roots)
	if err != nil {
		return nil, err
	}
	if got.Nonce == nil || got.Nonce.Cmp(nonce) != 0 {
		return nil, errors.New("it answers another request")
	}
	if now := s.Now(); got.At.Before(now.Add(-tsaSkew)) || got.At.After(now.Add(tsaSkew)) {
		return nil, fmt.Errorf("its clock says %s, this machine's %s", got.At.Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	return token, nil
}

// post sends one request. The answer is bounded in time and size, and nothing leads it to another address.
func (s *Stamper) post(ctx context.Context, request []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(request))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/timestamp-query")
	req.Header.Set("Accept", "application/timestamp-reply")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if s.Client != nil {
		client.Transport = s.Client.Transport
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLater, err)
	}
	defer resp.Body.Close() // it was only read
	switch {
	case resp.StatusCode >= 500, resp.StatusCode == http.StatusTooManyRequests:
		return nil, fmt.Errorf("%w: it answers %s", errLater, resp.Status)
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("it answers %s", resp.Status)
	}
	if kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || kind != "application/timestamp-reply" {
		return nil, errors.New("what it answers is no time stamp")
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errLater, err)
	}
	if len(body) > maxReply {
		return nil, fmt.Errorf("its answer is larger than %d bytes", maxReply)
	}
	return body, nil
}

// readReply takes the token out of an answer that grants one.
func readReply(body []byte) ([]byte, error) {
	var reply stampReply
	rest, err := asn1.Unmarshal(body, &reply)
	switch {
	case err != nil || len(rest) > 0:
		return nil, errors.New("what it answers is no time stamp")
	case reply.Status.Status > 1: // 0 granted, 1 granted with modifications
		return nil, fmt.Errorf("it refuses, with status %d", reply.Status.Status)
	case len(reply.Token.FullBytes) == 0:
		return nil, errors.New("it grants a time stamp and sends none")
	}
	return reply.Token.FullBytes, nil
}
