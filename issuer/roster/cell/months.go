package cell

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/cardproof/cardproof/issuer/roster/fold"
)

// monthNames are the keys of the months in five languages, with their abbreviations and cases. No name stands for two months.
var monthNames = [12]string{
	"january jan januar janner jaenner janvier janv enero ene styczen stycznia sty",
	"february feb februar feber fevrier fevr fev febrero luty lutego lut",
	"march mar marz maerz mrz mars marzo marzec marca",
	"april apr avril avr abril abr kwiecien kwietnia kwi",
	"may mai mayo maj maja",
	"june jun juni juin junio czerwiec czerwca cze",
	"july jul juli juillet juil julio lipiec lipca lip",
	"august aug aout ago agosto sierpien sierpnia sie",
	"september sep sept septembre septiembre setiembre set wrzesien wrzesnia wrz",
	"october oct oktober okt octobre octubre pazdziernik pazdziernika paz",
	"november nov novembre noviembre listopad listopada lis",
	"december dec dezember dez decembre diciembre dic grudzien grudnia gru",
}

// romanMonths are how Polish offices write the month.
var romanMonths = []string{"i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii"}

// weekdayNames are the keys of the days of the week from Sunday on; abbreviations are left out, for "mar" is a month.
var weekdayNames = [7]string{
	"sunday sonntag dimanche domingo niedziela",
	"monday montag lundi lunes poniedzialek",
	"tuesday dienstag mardi martes wtorek",
	"wednesday mittwoch mercredi miercoles sroda",
	"thursday donnerstag jeudi jueves czwartek",
	"friday freitag vendredi viernes piatek",
	"saturday samstag sonnabend samedi sabado sobota",
}

var (
	months   = numbered(monthNames[:])
	weekdays = numbered(weekdayNames[:])
	fillers  = []string{"de", "del", "of", "the", "le", "el", "den", "der", "dem", "am", "on", "dnia", "r", "roku"}
	ordinals = []string{"st", "nd", "rd", "th", "er", "ere", "e", "o", "a", "r"}
)

// numbered gives each word the number of its line, from 0.
func numbered(lines []string) map[string]int {
	words := map[string]int{}
	for i, line := range lines {
		for _, word := range strings.Fields(line) {
			words[word] = i
		}
	}
	return words
}

// token is a part of a date in words: a month, or figures.
type token struct {
	text  string
	month time.Month // 0 for figures
	roman bool
}

func (t token) figures() string { return strconv.Itoa(int(t.month)) }

// cutWeekday takes the day of the week off the front of a date; it is -1 where there is none.
func cutWeekday(text string) (rest string, weekday time.Weekday) {
	first, rest, ok := strings.Cut(text, " ")
	n, is := weekdays[fold.Key(first)]
	if !ok || !is {
		return text, -1
	}
	return rest, time.Weekday(n)
}

// tokensOf takes a date apart, without the little words of the five languages.
func tokensOf(text string) (tokens []token, ok bool) {
	words := strings.FieldsFunc(norm.NFC.String(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
	for _, word := range words {
		key := fold.Key(word)
		if slices.Contains(fillers, key) {
			continue
		}
		t, is := tokenOf(key)
		if !is || len(tokens) == 3 {
			return nil, false
		}
		tokens = append(tokens, t)
	}
	return tokens, true
}

func tokenOf(key string) (token, bool) {
	if n, ok := months[key]; ok {
		return token{month: time.Month(n + 1)}, true
	}
	if n := slices.Index(romanMonths, key); n >= 0 {
		return token{month: time.Month(n + 1), roman: true}, true
	}
	n := 0
	for n < len(key) && key[n] >= '0' && key[n] <= '9' {
		n++
	}
	if n == 0 || n > 4 || n == 3 || (n < len(key) && !slices.Contains(ordinals, key[n:])) {
		return token{}, false
	}
	return token{text: key[:n]}, true
}
