package work

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/riverqueue/river"
)

// Machine is a run of `cardproof work`, as it tells the others of itself.
type Machine struct {
	Name   string    `json:"name"`          // host and process; two hosts in containers may have the same
	Client string    `json:"client"`        // that has its jobs in hand now; those of one before were given up
	Lane   Lane      `json:"lane"`          // what it makes; empty where it makes none now
	Why    string    `json:"why"`           // it makes none
	Kept   time.Time `json:"kept,omitzero"` // since when it has waited for others to change keys, erase or copy; zero where it does not
	Seen   time.Time `json:"-"`
}

// A machine tells of itself in the data of a queue of its own, in which there is never a job: River keeps the list of queues, and forgets those that
// nobody has touched for a day.
const machinePrefix = "at-"

// machineFor is how long after its last word a machine counts as running.
const machineFor = 45 * time.Second

// thisMachine is the name of this process among the machines.
func thisMachine() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s:%d", host, os.Getpid())
}

// newMachineQueue is a name for the queue of this process. It is none of the host's: that may be longer than a queue's name, and in containers two hosts
// of one name have the same process number, too.
func newMachineQueue() string { return machinePrefix + strings.ToLower(rand.Text()) }

// machineOf is the machine of a River client.
func machineOf(client string) string {
	name, _, _ := strings.Cut(client, "/")
	return name
}

// hasGivenUp says whether a client is one before of a machine that is there: it lost the database while it had a job in hand, and could not say so.
// Several machines may have one name.
func hasGivenUp(client string, machines []Machine) bool {
	given := false
	for _, m := range machines {
		if m.Client == client {
			return false
		}
		given = given || m.Name == machineOf(client) && m.Client != ""
	}
	return given
}

// Machines answers the machines that make cards now, or would if they could.
func (q *Queue) Machines(ctx context.Context, now time.Time) (machines []Machine, err error) {
	list, err := q.client.QueueList(ctx, river.NewQueueListParams().First(10000))
	if err != nil {
		return nil, err
	}
	for _, one := range list.Queues {
		var m Machine
		if !strings.HasPrefix(one.Name, machinePrefix) || json.Unmarshal(one.Metadata, &m) != nil || m.Name == "" {
			continue
		}
		if m.Seen = one.UpdatedAt.UTC(); now.Sub(m.Seen) < machineFor {
			machines = append(machines, m)
		}
	}
	return machines, nil
}
