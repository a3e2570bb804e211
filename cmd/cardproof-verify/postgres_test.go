package main

import (
	"strings"
	"testing"
	"time"

	"github.com/cardproof/cardproof/assets"
	"github.com/cardproof/cardproof/internal/pgtest"
)

// TestDatabaseFailsAndComesBack has the server read a PostgreSQL database by a role that may only read. While that is gone nothing is valid;
// when it is back, answers are right again without a restart.
func TestDatabaseFailsAndComesBack(t *testing.T) {
	db, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Stop(); err != nil {
			t.Error(err)
		}
	})
	where := db.New(t, "")
	s := newSite(t)
	s.cardproof("register", "copy", "--to", where)
	name := pgtest.Database(where)
	if err := db.Exec(t.Context(), name, "CREATE ROLE reader LOGIN", "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"); err != nil {
		t.Fatal(err)
	}
	shipped := string(assets.VerifyConfig())
	own := strings.Replace(shipped, "\nregister: data/register.db\n", "\nregister: "+db.URL(name, "reader")+"\n", 1)
	if own == shipped {
		t.Fatal("the shipped configuration has no line for the register")
	}
	s.write(s.config(), own)
	v := s.launch("CARDPROOF_SERVER_MONITOR_LISTEN=127.0.0.1:0", "CARDPROOF_SERVER_RATE_LIMIT_PER_CLIENT=0")
	code, number := s.codePath(), "/n/"+s.number
	good := func(when string) {
		t.Helper()
		v.answersWell(when, code, number)
		if status, body := get(t, "http://"+v.address+"/readyz"); status != 200 {
			t.Errorf("%s: /readyz got %d %s", when, status, body)
		}
	}
	good("at first")
	for _, crash := range []bool{true, false} {
		if err := db.Halt(crash); err != nil {
			t.Fatal(err)
		}
		v.answersNothing("gone", "unreachable", code, number)
		if err := db.Run(); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			if status, _ := get(t, "http://"+v.address+"/readyz"); status == 200 {
				break
			}
		}
		good("back")
	}
}
