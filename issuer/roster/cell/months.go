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

// weekdayNames are the keys of the days of the week from Sunday on.
var weekdayNames = [7]string{
	"sunday sonntag dimanche domingo niedziela",
	"monday montag lundi lunes poniedzialek",
	"tuesday dienstag mardi martes wtorek",
	"wednesday mittwoch mercredi miercoles sroda",
	"thursday donnerstag jeudi jueves czwartek",
	"friday freitag vendredi viernes piatek",
	"saturday samstag sonnabend samedi sabado sobota",
}

// weekdayShort are their abbreviations, of which "mar" may be March. What is short for two days is left out.
var weekdayShort = [7]string{
	"sun dim dom niedz nd nie so",
	"mon mo lun lu pon pn",
	"tue tues di mar ma wt",
	"wed mi mer mie sr",
	"thu thur thurs jeu jue ju czw cz",
	"fri fr ven vie vi pt pia",
	"sat sa sam sab sob sb",
}

var (
	shortDays = numbered(weekdayShort[:])
	months    = numbered(monthNames[:])
	weekdays  = numbered(weekdayNames[:])
	fillers   = []string{"de", "del", "of", "the", "le", "el", "den", "der", "dem", "am", "on", "dnia", "r", "roku"}
	ordinals  = []string{"st", "nd", "rd", "th", "er", "ere", "e", "o", "a", "r"}
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

// cutWeekday takes the day of the week off the front of a date, with the little words before it; it is -1 where there is none. An
// abbreviation counts only where a whole date follows, because "mar 10 2026" is a day in March.
func cutWeekday(text string) (rest string, weekday time.Weekday) {
	rest = text
	for {
		first, after, ok := strings.Cut(rest, " ")
		if !ok {
			return text, -1
		}
		key := fold.Key(first)
		if n, is := weekdays[key]; is {
			return after, time.Weekday(n)
		}
		if n, is := shortDays[key]; is && isWholeDate(after) {
			return after, time.Weekday(n)
		}
		if !slices.Contains(fillers, key) {
			return text, -1
		}
		rest = after
	}
}

// isWholeDate says whether a text has a day, a month and a year.
func isWholeDate(text string) bool {
	if figures.MatchString(text) || compact.MatchString(text) {
		return true
	}
	tokens, ok := tokensOf(text)
	return ok && len(tokens) == 3
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
