package config

import (
	"fmt"
	"time"

	"github.com/cardproof/cardproof/internal/config/public"
)

// StatusList is how the status lists are signed, where cards carry a place in one.
type StatusList struct {
	TTL      time.Duration `mapstructure:"ttl"`      // after how long others ought to ask again
	Lifetime time.Duration `mapstructure:"lifetime"` // how long a signed list counts
}

func (s StatusList) validate() error {
	if s.TTL < 10*time.Second || s.TTL > 24*time.Hour || s.TTL%time.Second != 0 {
		return public.Invalid("status_list.ttl", fmt.Sprintf("is %s", s.TTL), "Write whole seconds from 10s to 24h, such as 5m.")
	}
	if s.Lifetime < 2*s.TTL || s.Lifetime > 30*24*time.Hour || s.Lifetime%time.Second != 0 {
		return public.Invalid("status_list.lifetime", fmt.Sprintf("is %s", s.Lifetime),
			"Write whole seconds, at least twice status_list.ttl and at most 720h: a withdrawn card may pass for valid as long, where somebody shows an old list.")
	}
	return nil
}
