package assets

import (
	_ "embed"
	"regexp"
	"strconv"
	"time"

	"github.com/cardproof/cardproof/card"
)

//go:embed demo/roster.csv
var demoRoster []byte

var daysAgo = regexp.MustCompile(`today-([0-9]{1,3})`)

// DemoRoster is a CSV roster of twelve invented learners of five courses, completed in the week before today. Its dates count
// from today, so that the demo shows valid cards in any year.
func DemoRoster(today card.Date) []byte {
	return daysAgo.ReplaceAllFunc(demoRoster, func(cell []byte) []byte {
		days, err := strconv.Atoi(string(cell[len("today-"):]))
		if err != nil {
			panic(err) // the expression matched three digits at most
		}
		return []byte(card.DateOf(today.Start(time.UTC).AddDate(0, 0, -days)).String())
	})
}
