package keys

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

func TestLifeOfAKey(t *testing.T) {
	hour := func(n int) time.Time { return testTime.Add(time.Duration(n) * time.Hour) }
	for name, tc := range map[string]struct {
		do   func(s *Set, id string) error
		want Key // its life alone
		err  error
	}{
		"retired":            {func(s *Set, id string) error { return s.Retire(id, hour(1).Add(time.Millisecond)) }, Key{State: Retired, RetiredAt: hour(1)}, nil},
		"retired too early":  {func(s *Set, id string) error { return s.Retire(id, hour(-1)) }, Key{State: Active}, ErrTime},
		"retired twice":      {func(s *Set, id string) error { return errors.Join(s.Retire(id, hour(1)), s.Retire(id, hour(2))) }, Key{State: Retired, RetiredAt: hour(1)}, ErrNotActive},
		"revoked":            {func(s *Set, id string) error { return s.Revoke(id, hour(1)) }, Key{State: Revoked, RevokedSince: hour(1)}, nil},
		"revoked, retired":   {func(s *Set, id string) error { return errors.Join(s.Retire(id, hour(2)), s.Revoke(id, hour(1))) }, Key{State: Revoked, RetiredAt: hour(2), RevokedSince: hour(1)}, nil},
		"revoked twice":      {func(s *Set, id string) error { return errors.Join(s.Revoke(id, hour(2)), s.Revoke(id, hour(1))) }, Key{State: Revoked, RevokedSince: hour(1)}, nil},
		"retired, revoked":   {func(s *Set, id string) error { return errors.Join(s.Revoke(id, hour(1)), s.Retire(id, hour(2))) }, Key{State: Revoked, RevokedSince: hour(1)}, ErrNotActive},
		"revoked, no time":   {func(s *Set, id string) error { return s.Revoke(id, time.Time{}) }, Key{State: Active}, ErrInvalid},
		"retired, unknown":   {func(s *Set, _ string) error { return s.Retire("nobody", hour(1)) }, Key{State: Active}, ErrUnknown},
		"revoked, unknown":   {func(s *Set, _ string) error { return s.Revoke("nobody", hour(1)) }, Key{State: Active}, ErrUnknown},
		"its time in a zone": {func(s *Set, id string) error { return s.Revoke(id, hour(1).In(time.FixedZone("", 3600))) }, Key{State: Revoked, RevokedSince: hour(1)}, nil},
	} {
		k := testKey(t, "a")
		s, err := NewSet(k, testKey(t, "b"))
		if err != nil {
			t.Fatal(err)
		}
		if err := tc.do(s, k.ID); !errors.Is(err, tc.err) {
			t.Errorf("%s: got %v, want %v", name, err, tc.err)
		}
		got, _ := s.Find(k.ID)
		if life := (Key{State: got.State, RetiredAt: got.RetiredAt, RevokedSince: got.RevokedSince}); !reflect.DeepEqual(life, tc.want) {
			t.Errorf("%s: got %+v, want %+v", name, life, tc.want)
		}
		if other, _ := s.Find(testKey(t, "b").ID); other.State != Active {
			t.Errorf("%s: the other key is %s", name, other.State)
		}
	}
}

func TestARevokedKeyBelievesWhatWasHeldBefore(t *testing.T) {
	active := testKey(t, "a")
	retired, revoked := active, active
	retired.State, retired.RetiredAt = Retired, testTime
	revoked.State, revoked.RevokedSince = Revoked, testTime
	for _, tc := range []struct {
		name     string
		key      Key
		recorded time.Time
		want     bool
	}{
		{"active", active, testTime, true},
		{"retired", retired, testTime.Add(time.Hour), true},
		{"revoked, a second before", revoked, testTime.Add(-time.Second), true},
		{"revoked, at that second", revoked, testTime, false},
		{"revoked, after", revoked, testTime.Add(time.Second), false},
		{"revoked, in no register", revoked, time.Time{}, false},
	} {
		if got := tc.key.Believes(tc.recorded); got != tc.want {
			t.Errorf("%s: got %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestWhatIsRevokedOnRecordIsRevokedInTheSet(t *testing.T) {
	earlier, later := testTime.Add(time.Hour), testTime.Add(2*time.Hour)
	revoked := testKey(t, "b")
	revoked.State, revoked.RevokedSince = Revoked, later
	for name, tc := range map[string]struct {
		key    Key
		record time.Time // zero for none
		want   time.Time // revoked since; zero for not
		behind bool
	}{
		"nothing on record":        {testKey(t, "a"), time.Time{}, time.Time{}, false},
		"the set knows nothing":    {testKey(t, "a"), earlier, earlier, true},
		"the set trusts it longer": {revoked, earlier, earlier, true},
		"both the same":            {revoked, later, later, false},
		"the record is narrower":   {revoked, later.Add(time.Hour), later, false},
		"the set alone":            {revoked, time.Time{}, later, false},
	} {
		s, err := NewSet(tc.key)
		if err != nil {
			t.Fatal(err)
		}
		since := map[string]time.Time{"nobody": earlier}
		if !tc.record.IsZero() {
			since[tc.key.ID] = tc.record
		}
		out, behind := s.WithRevoked(since)
		got, _ := out.Find(tc.key.ID)
		if !got.RevokedSince.Equal(tc.want) || (got.State == Revoked) == tc.want.IsZero() || (len(behind) == 1) != tc.behind {
			t.Errorf("%s: got %s since %s, behind %v, want since %s, behind %v", name, got.State, got.RevokedSince, behind, tc.want, tc.behind)
		}
		if was, _ := s.Find(tc.key.ID); !reflect.DeepEqual(was, tc.key) {
			t.Errorf("%s: the set itself has changed to %+v", name, was)
		}
	}
}
