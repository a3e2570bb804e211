package config

import (
	"fmt"

	"github.com/cardproof/cardproof/internal/config/public"
)

// Retention is how long the details of learners are kept.
type Retention struct {
	EraseAfterYears int `mapstructure:"erase_after_years"` // after the last valid day of a card; 0 for ever
}

func (r Retention) validate() error {
	if r.EraseAfterYears < 0 || r.EraseAfterYears > 100 {
		return public.Invalid("retention.erase_after_years", fmt.Sprintf("is %d", r.EraseAfterYears), "Write 1 to 100 years, or 0 to keep everything.")
	}
	return nil
}
