//go:build cgo

package hsm

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/miekg/pkcs11"
)

// device is a token with its sessions. A session does one thing at a time, so there is one for each that signs at once.
type device struct {
	lib *library
	uri URI

	mu         sync.Mutex
	free       *sync.Cond // a session was given back
	slot       uint
	connected  bool
	starts     int64 // of the library, when it was connected
	generation int   // of the connection: sessions of an earlier one are dead
	limit      int
	open       int // sessions, idle or not
	idle       []*session
	refused    *[sha256.Size]byte // the digest of the PIN that the token refused last
}

type session struct {
	handle     pkcs11.SessionHandle
	generation int
	starts     int64                          // of the library, when it was opened: after another start its handle may be that of another session
	keys       map[string]pkcs11.ObjectHandle // found already, by URI
}

func newDevice(lib *library, u URI) *device {
	d := &device{lib: lib, uri: u, limit: 1}
	d.free = sync.NewCond(&d.mu)
	return d
}

// with runs do with a session in which the user is logged in. Where the session was lost, it connects anew, once, and runs do again:
// a signature that is made twice does no harm. The error is then ErrLost.
func (d *device) with(pin PIN, do func(*session) error) error {
	err := d.once(pin, do)
	if !isLost(err) || errors.Is(err, ErrModule) {
		return err
	}
	again := d.once(pin, do)
	if isLost(again) || errors.Is(again, ErrAbsent) {
		return fmt.Errorf("%w: %w; before that: %w", ErrLost, again, err)
	}
	return again
}

func (d *device) once(pin PIN, do func(*session) error) error {
	s, err := d.take(pin)
	if err != nil {
		return err
	}
	err = d.inSession(s, do)
	d.give(s, isLost(err))
	return err
}

// inSession runs do while the library can't be started anew. The error is CKR_SESSION_HANDLE_INVALID where that has happened before.
func (d *device) inSession(s *session, do func(*session) error) error {
	d.lib.use.RLock()
	defer d.lib.use.RUnlock()
	if s.starts != d.lib.starts.Load() {
		return fmt.Errorf("%w to go on after a new start: %w", ErrFailed, pkcs11.Error(pkcs11.CKR_SESSION_HANDLE_INVALID))
	}
	return do(s)
}

// take is a session for one caller, who gives it back.
func (d *device) take(pin PIN) (*session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		if d.connected && d.starts != d.lib.starts.Load() {
			d.disconnect() // the library was started anew for another token
		}
		if n := len(d.idle); n > 0 {
			s := d.idle[n-1]
			d.idle = d.idle[:n-1]
			return s, nil
		}
		if !d.connected {
			return d.connect(pin)
		}
		if d.open < d.limit {
			s, err := d.openSession()
			if isLost(err) {
				d.disconnect()
			}
			return s, err
		}
		d.free.Wait()
	}
}

func (d *device) give(s *session, isLost bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.free.Signal()
	switch {
	case s.generation != d.generation:
		d.close(s)
	case isLost:
		d.disconnect()
		d.close(s)
	default:
		d.idle = append(d.idle, s)
	}
}

// disconnect ends the connection of this generation; sessions that somebody has are closed when they come back.
func (d *device) disconnect() {
	d.connected = false
	d.generation++
	for _, s := range d.idle {
		d.close(s)
	}
	d.idle = nil
	d.free.Broadcast() // nobody waits for a session of a connection that is gone
}

func (d *device) close(s *session) {
	d.open--
	_ = d.inSession(s, func(s *session) error { return d.lib.ctx.CloseSession(s.handle) }) // it may be dead already
}

// openSession opens a session for reading, which is enough to sign.
func (d *device) openSession() (*session, error) {
	d.lib.use.RLock()
	defer d.lib.use.RUnlock()
	if d.starts != d.lib.starts.Load() {
		return nil, fmt.Errorf("%w a session: %w", ErrFailed, pkcs11.Error(pkcs11.CKR_SESSION_HANDLE_INVALID)) // nobody is logged in any more
	}
	h, err := d.lib.ctx.OpenSession(d.slot, pkcs11.CKF_SERIAL_SESSION)
	if err != nil {
		return nil, fmt.Errorf("%w a session: %w", ErrFailed, err)
	}
	d.open++
	return &session{h, d.generation, d.starts, map[string]pkcs11.ObjectHandle{}}, nil
}

// connect finds the token, opens its first session and logs in.
func (d *device) connect(pin PIN) (*session, error) {
	info, err := d.find()
	if err != nil {
		return nil, err
	}
	s, err := d.openSession()
	if err != nil {
		return nil, err
	}
	if info.Flags&pkcs11.CKF_LOGIN_REQUIRED != 0 {
		if err := d.login(s, info, pin); err != nil {
			d.close(s)
			return nil, err
		}
	}
	// One more than there are cores: a status list is signed beside a batch. Zero and all ones stand for "any number" and "not known".
	d.limit = runtime.GOMAXPROCS(0) + 1
	if most := info.MaxSessionCount; most > 0 && most < uint(d.limit) {
		d.limit = int(most)
	}
	d.connected = true
	d.free.Broadcast()
	return s, nil
}

// find finds the token. Where the library does not see it, and was there before, it is asked again after a new start.
func (d *device) find() (info pkcs11.TokenInfo, err error) {
	look := func() error {
		d.lib.use.RLock()
		defer d.lib.use.RUnlock()
		d.starts = d.lib.starts.Load()
		d.slot, info, err = d.lib.slot(d.uri)
		return err
	}
	fresh, err := d.lib.start()
	if err != nil {
		return info, err
	}
	if err = look(); errors.Is(err, ErrAbsent) && !fresh {
		if err = d.lib.restart(); err == nil {
			err = look()
		}
	}
	return info, err
}

// login logs in once. Tokens lock after a few wrong PINs, so a PIN that was refused is not tried again by this process, and the last
// try before the lock is left to a person.
func (d *device) login(s *session, info pkcs11.TokenInfo, ask PIN) error {
	if info.Flags&pkcs11.CKF_USER_PIN_LOCKED != 0 {
		return fmt.Errorf("%w: %s is locked", ErrPIN, d.uri)
	}
	if info.Flags&pkcs11.CKF_USER_PIN_FINAL_TRY != 0 {
		return fmt.Errorf("%w: %s", ErrLocked, d.uri)
	}
	pin, err := ask()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(pin)
	if d.refused != nil && *d.refused == sum {
		return fmt.Errorf("%w: %s refused it before, and it was not tried again", ErrPIN, d.uri)
	}
	err = d.inSession(s, func(s *session) error { return d.lib.ctx.Login(s.handle, pkcs11.CKU_USER, string(pin)) })
	var answer pkcs11.Error
	if err == nil || !errors.As(err, &answer) {
		return err
	}
	switch answer {
	case pkcs11.CKR_USER_ALREADY_LOGGED_IN:
		return nil
	case pkcs11.CKR_PIN_INCORRECT, pkcs11.CKR_PIN_INVALID, pkcs11.CKR_PIN_LEN_RANGE, pkcs11.CKR_PIN_EXPIRED, pkcs11.CKR_PIN_LOCKED, pkcs11.CKR_USER_PIN_NOT_INITIALIZED:
		d.refused = &sum
		return fmt.Errorf("%w: %s: %w", ErrPIN, d.uri, err)
	}
	return fmt.Errorf("%w the login: %w", ErrFailed, err)
}
