//go:build cgo

package hsm

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/miekg/pkcs11"
)

// library is a PKCS#11 library in this process.
type library struct {
	ctx *pkcs11.Ctx
	// use is held for reading by whoever calls into the library, and for writing while it starts or ends: C_Initialize and C_Finalize
	// beside another call are undefined (PKCS #11 2.40, section 5.4).
	use    sync.RWMutex
	starts atomic.Int64 // how often it was started; the sessions of earlier ones are dead
}

// process is the one state that this program keeps beside its values, because PKCS#11 does: a library is initialised once for a whole
// process, a login is that of the process, and a PIN that was refused has to be remembered wherever the next one would try it.
var process = struct {
	sync.Mutex
	libraries map[string]*library
	devices   map[string]*device
}{libraries: map[string]*library{}, devices: map[string]*device{}}

// deviceOf is the token that a URI names, without a look at whether it is there.
func deviceOf(u URI) (*device, error) {
	if u.Module == "" {
		return nil, fmt.Errorf("%w: none is named", ErrModule)
	}
	process.Lock()
	defer process.Unlock()
	lib := process.libraries[u.Module]
	if lib == nil {
		ctx := pkcs11.New(u.Module)
		if ctx == nil {
			return nil, fmt.Errorf("%w: %s is none, or can't be loaded", ErrModule, u.Module)
		}
		lib = &library{ctx: ctx}
		process.libraries[u.Module] = lib
	}
	name := u.Module + "\n" + u.OfToken().String()
	d := process.devices[name]
	if d == nil {
		d = newDevice(lib, u.OfToken())
		process.devices[name] = d
	}
	return d, nil
}

// start initialises the library, unless that is done; fresh says that it did it now.
func (l *library) start() (fresh bool, err error) {
	l.use.Lock()
	defer l.use.Unlock()
	return l.initialize()
}

func (l *library) initialize() (fresh bool, err error) {
	err = l.ctx.Initialize() // with the locks of the system: many goroutines call it
	if errors.Is(err, pkcs11.Error(pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED)) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrModule, err)
	}
	l.starts.Add(1)
	return true, nil
}

// restart ends the library and begins it anew: many learn only so that a token came back. The sessions of all its tokens end, and
// whoever has one reconnects.
func (l *library) restart() error {
	l.use.Lock()
	defer l.use.Unlock()
	if err := l.ctx.Finalize(); err != nil && !errors.Is(err, pkcs11.Error(pkcs11.CKR_CRYPTOKI_NOT_INITIALIZED)) {
		return fmt.Errorf("%w: %w", ErrModule, err)
	}
	_, err := l.initialize()
	return err
}

// slot finds the slot of the only token that a URI fits. The error is ErrAbsent.
func (l *library) slot(u URI) (uint, pkcs11.TokenInfo, error) {
	slots, err := l.ctx.GetSlotList(true)
	if err != nil {
		return 0, pkcs11.TokenInfo{}, fmt.Errorf("%w: %w", ErrAbsent, err)
	}
	found, at, info := 0, uint(0), pkcs11.TokenInfo{}
	for _, slot := range slots {
		i, err := l.ctx.GetTokenInfo(slot)
		if err == nil && i.Flags&pkcs11.CKF_TOKEN_INITIALIZED != 0 && fits(u, i) {
			found, at, info = found+1, slot, i
		}
	}
	switch found {
	case 0:
		return 0, info, fmt.Errorf("%w: %s", ErrAbsent, u)
	case 1:
		return at, info, nil
	}
	return 0, info, fmt.Errorf("%w: %d tokens fit %s; add its serial", ErrURI, found, u)
}

func fits(u URI, i pkcs11.TokenInfo) bool {
	for _, pair := range [][2]string{{u.Token, i.Label}, {u.Serial, i.SerialNumber}, {u.Manufacturer, i.ManufacturerID}, {u.Model, i.Model}} {
		if pair[0] != "" && pair[0] != pair[1] {
			return false
		}
	}
	return true
}

// lost are the answers after which another session may succeed: this one, the login, or the way to the token is gone.
var lost = []pkcs11.Error{
	pkcs11.CKR_SESSION_HANDLE_INVALID, pkcs11.CKR_SESSION_CLOSED, pkcs11.CKR_USER_NOT_LOGGED_IN, pkcs11.CKR_DEVICE_ERROR, pkcs11.CKR_DEVICE_REMOVED,
	pkcs11.CKR_TOKEN_NOT_PRESENT, pkcs11.CKR_TOKEN_NOT_RECOGNIZED, pkcs11.CKR_SLOT_ID_INVALID, pkcs11.CKR_CRYPTOKI_NOT_INITIALIZED,
	pkcs11.CKR_OBJECT_HANDLE_INVALID, pkcs11.CKR_KEY_HANDLE_INVALID, pkcs11.CKR_OPERATION_ACTIVE, pkcs11.CKR_GENERAL_ERROR, pkcs11.CKR_FUNCTION_FAILED,
}

func isLost(err error) bool {
	var answer pkcs11.Error
	return errors.As(err, &answer) && slices.Contains(lost, answer)
}
