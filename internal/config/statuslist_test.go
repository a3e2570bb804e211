package config

import (
	"errors"
	"testing"
	"time"

	"github.com/cardproof/cardproof/internal/config/public"
)

func TestStatusList(t *testing.T) {
	for _, tc := range []struct {
		s   StatusList
		key string // of the error; empty for none
	}{
		{StatusList{5 * time.Minute, 24 * time.Hour}, ""},
		{StatusList{10 * time.Second, 20 * time.Second}, ""},
		{StatusList{24 * time.Hour, 720 * time.Hour}, ""},
		{StatusList{9 * time.Second, time.Hour}, "status_list.ttl"},
		{StatusList{25 * time.Hour, 720 * time.Hour}, "status_list.ttl"},
		{StatusList{0, time.Hour}, "status_list.ttl"},
		{StatusList{-time.Hour, time.Hour}, "status_list.ttl"},
		{StatusList{10500 * time.Millisecond, time.Hour}, "status_list.ttl"},
		{StatusList{time.Hour, 2*time.Hour - time.Second}, "status_list.lifetime"},
		{StatusList{time.Hour, 721 * time.Hour}, "status_list.lifetime"},
		{StatusList{time.Hour, 2*time.Hour + time.Millisecond}, "status_list.lifetime"},
	} {
		err := tc.s.validate()
		var bad *public.Error
		if tc.key == "" && err != nil || tc.key != "" && (!errors.As(err, &bad) || bad.Key != tc.key || bad.Hint == "") {
			t.Errorf("%+v: got %v, want an error of %q", tc.s, err, tc.key)
		}
	}
}
