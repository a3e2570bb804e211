package work

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/internal/pgtest"
)

// Two hosts have one name, as long as a system lets it be, and the same process number, as in containers: each of them makes cards, and is on the list.
func TestMachinesOfOneLongName(t *testing.T) {
	t.Parallel()
	s, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Stop() })
	url := s.New(t, "")
	name := strings.Repeat("h", 64) + ":4194304"
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	var q *Queue
	for range 2 {
		m, err := OpenMaker(ctx, MakerOptions{
			Database: url, Ready: func(context.Context) (Lane, error) { return Lane{"key", "here"}, nil }, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		m.name, q = name, m.Queue
		go func() { ended <- m.Run(ctx) }()
	}
	var machines []Machine
	for end := time.Now().Add(time.Minute); len(machines) < 2 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if machines, err = q.Machines(ctx, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if len(machines) != 2 || machines[0].Name != name || machines[1].Name != name || machines[0].Client == machines[1].Client {
		t.Fatalf("got %+v, want two of the name %s", machines, name)
	}
	for _, m := range machines {
		if m.Lane.Key != "key" || hasGivenUp(m.Client, machines) {
			t.Errorf("got %+v, given up %v", m, hasGivenUp(m.Client, machines))
		}
	}
	cancel()
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func TestHasGivenUp(t *testing.T) {
	t.Parallel()
	a, b := Machine{Name: "a:1", Client: "a:1/now"}, Machine{Name: "b:1", Client: "b:1/now"}
	twin, paused := Machine{Name: "a:1", Client: "a:1/twin"}, Machine{Name: "a:1", Client: "a:1"}
	for _, test := range []struct {
		client   string
		machines []Machine
		want     bool
	}{
		{"a:1/now", []Machine{a, b}, false},
		{"a:1/before", []Machine{a, b}, true},
		{"a:1/now", []Machine{twin, a}, false},
		{"a:1/twin", []Machine{twin, a}, false},
		{"a:1/before", []Machine{twin, a}, true},
		{"a:1/before", []Machine{paused}, true},
		{"c:1/now", []Machine{a, b}, false}, // it may be there and not be heard
		{"a:1/now", []Machine{{Name: "a:1"}}, false},
	} {
		if got := hasGivenUp(test.client, test.machines); got != test.want {
			t.Errorf("%s of %+v: got %v, want %v", test.client, test.machines, got, test.want)
		}
	}
}
