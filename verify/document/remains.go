package document

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/cardproof/cardproof/card"
)

// What a page prints beside what was signed can't be known: addresses, telephones, a centre's own words. But whatever there looks like a
// day, a year, a card number or a longer life of the card is for a person to compare.

// taken stands for a day or a number of the card that was taken out of a text; said for anything else of it. Neither is a letter or figure.
const taken, said = "\u2042", "\u2022"

// saying is something that a card says, as it is looked for in a text: whatever the case, the spaces and the punctuation.
type saying struct {
	words [][]rune // each as caseless writes it
	mark  string   // what stands for it when it is taken out
}

// sayings is all that the cards say, the longest first, each once.
func sayings(cards []*card.Record, centre string) []saying {
	marks := map[string]string{centre: said}
	for _, r := range cards {
		q := r.Qualification
		for _, s := range []string{r.Name, q.Title, q.Level, q.Trained, r.Course, r.Instructor, r.InstructorID} {
			marks[s] = said
		}
	}
	for _, r := range cards {
		for _, d := range days {
			marks[d.of(r)] = taken
		}
		marks[r.Number.String()] = taken
	}
	texts := slices.SortedFunc(maps.Keys(marks), func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	all := make([]saying, 0, len(texts))
	for _, text := range texts {
		if words := wordsOf(text); len(words) > 0 {
			all = append(all, saying{words, marks[text]})
		}
	}
	return all
}

// wordsOf are the words of a text, each from its first letter or figure on.
func wordsOf(text string) [][]rune {
	var words [][]rune
	for _, w := range strings.FieldsFunc(asciiDigits(text), func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.N) }) {
		if w = strings.TrimLeftFunc(w, isBetween); w != "" {
			words = append(words, caseless([]rune(w)))
		}
	}
	return words
}

// isBetween says what may stand between two words.
func isBetween(r rune) bool { return !unicode.In(r, unicode.L, unicode.N) }

// caseless writes each rune as the first of those that differ from it in case alone.
func caseless(text []rune) []rune {
	all := make([]rune, len(text))
	for i, r := range text {
		all[i] = r
		switch {
		case r >= 'a' && r <= 'z':
			all[i] = r - 'a' + 'A'
		case r > unicode.MaxASCII:
			for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
				all[i] = min(all[i], other)
			}
		}
	}
	return all
}

// remains is what is left of the lines of a page when everything is taken out that its cards say.
func remains(lines []string, says []saying) []string {
	text := []rune(asciiDigits(strings.Join(lines, "\n")))
	folded := caseless(text)
	for _, s := range says {
		text, folded = s.takeOut(text, folded)
	}
	return strings.Split(string(text), "\n")
}

// takeOut takes it out of a text wherever it stands whole, and not as a part of a longer row of figures. The text comes and goes with its
// caseless form.
func (s saying) takeOut(text, folded []rune) (rest, restFolded []rune) {
	mark, from := []rune(s.mark), 0
	for at := 0; at < len(text); {
		end := s.endAt(text, folded, at)
		if end < 0 {
			at++
			continue
		}
		if !(isFigure(text, at-1) && isFigure(text, at) || isFigure(text, end) && isFigure(text, end-1)) {
			rest, restFolded = append(append(rest, text[from:at]...), mark...), append(append(restFolded, folded[from:at]...), mark...)
			from = end
		}
		at = end
	}
	if from == 0 {
		return text, folded
	}
	return append(rest, text[from:]...), append(restFolded, folded[from:]...)
}

// endAt is where it ends that begins at a place of a text; -1 where it does not stand there.
func (s saying) endAt(text, folded []rune, at int) int {
	for i, w := range s.words {
		for i > 0 && at < len(text) && isBetween(text[at]) {
			at++
		}
		if len(text)-at < len(w) || !slices.Equal(folded[at:at+len(w)], w) {
			return -1
		}
		at += len(w)
	}
	return at
}

func isFigure(s []rune, at int) bool {
	return at >= 0 && at < len(s) && s[at] >= '0' && s[at] <= '9'
}

// asciiDigits writes the figures of every script as 0 to 9, and compatible forms as one.
func asciiDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= unicode.MaxASCII || !unicode.IsDigit(r) {
			return r
		}
		n := rune(0) // the figures of a script stand in a row, from 0 on (Unicode, 4.6)
		for n < 9 && unicode.IsDigit(r-n-1) {
			n++
		}
		return '0' + n
	}, dashes.Replace(norm.NFKC.String(s)))
}

var (
	numericDay  = regexp.MustCompile(`\b(?:0?[1-9]|[12][0-9]|3[01])\s?[./ -]\s?(?:0?[1-9]|[12][0-9]|3[01])\s?[./ -]\s?(?:(?:19|2[01])[0-9]{2}|[0-9]{2})\b|\b(?:19|2[01])[0-9]{2}\s?[./ -]\s?[0-9]{1,2}\b`)
	year        = regexp.MustCompile(`(?:^|[^0-9])((?:19|2[01])[0-9]{2}|(?:1\s9|2\s[01])\s[0-9]\s[0-9])(?:[^0-9]|$)|['’][0-9]{2}(?:[^0-9]|$)|\bMM[CDLXVI]+\b|[0-9]\s?年`)
	monthBehind = regexp.MustCompile(`[0-9]\s*(?:st|nd|rd|th|er|º|ª|\.|,)?\s*(?:of|de|d')?\s*(\p{L}[\p{L}\p{M}]+)`)
	monthBefore = regexp.MustCompile(`(\p{L}[\p{L}\p{M}]+)[\s.,]*[0-9]`)
	telephone   = regexp.MustCompile(`[+(]?[0-9][0-9 ()./-]{5,}[0-9]`)
	anyNumber   = regexp.MustCompile(`(?i)\b[0-9A-Z]{4}[\s-]{0,3}[0-9A-Z]{4}[\s-]{0,3}[0-9A-Z]{4}\b`)
	numberForm  = regexp.MustCompile(`(?i)\b[0-9A-Z]{4}\s?-\s?[0-9A-Z]{4}\s?-\s?[0-9A-Z]{4}\b`)
	looseNumber = regexp.MustCompile(`\b[0-9A-Z]{4}\s?[0-9A-Z]{4}\s?[0-9A-Z]{4}\b`)
	otherNumber = regexp.MustCompile(`\b[0-9]{4}-[0-9]{4}\b`)
	longerLife  = regexp.MustCompile(`(?i)not\s+expire|never\s+expires|no\s+expir|without\s+expir|lifetime|unlimited|extended|renewed|reissued|unbefristet|unbegrenzt|verlängert|sans\s+limite|prolong|sin\s+caducidad|sem\s+validade|indefinid|senza\s+scadenza|onbeperkt|bezterminow|бессрочн|безстроков|終身|永久|无限期|無期限`)
)

// months are the names of months and their short forms in languages that cards are read in.
var months = func() map[string]bool {
	all := map[string]bool{}
	for _, name := range strings.Fields(`january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec
		januar jänner februar märz mai juni juli oktober dezember mär mrz okt dez janvier février mars avril juin juillet août septembre octobre novembre décembre janv févr avr juil déc
		enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre ene abr ago dic janeiro fevereiro março maio junho julho setembro outubro
		novembro dezembro fev set out gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre gen mag giu lug ott januari februari maart mei augustus mrt
		stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia января февраля марта апреля мая июня июля августа сентября октября ноября декабря
		січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня januarie maj augusti يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر
		जनवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר`) {
		all[name] = true
	}
	return all
}()

// strange is what remains of a line and looks like a day, a year, a number or a longer life; empty where nothing does.
func strange(line string) string {
	if numberForm.MatchString(line) && strings.ContainsAny(numberForm.FindString(line), "0123456789") && !telephone.MatchString(line) {
		return numberForm.FindString(line)
	}
	for _, found := range anyNumber.FindAllString(line, -1) {
		if _, err := card.ParseNumber(found); err == nil && figures(found) >= 2 && !telephone.MatchString(found) {
			return found
		}
	}
	for _, found := range looseNumber.FindAllString(line, -1) {
		if n := figures(found); n >= 3 && len(strings.Join(strings.Fields(found), ""))-n >= 3 && mixed(found) {
			return found
		}
	}
	line = telephone.ReplaceAllStringFunc(line, func(run string) string {
		if figures(run) >= 9 && !numericDay.MatchString(run) {
			return said
		}
		return run
	})
	for _, form := range []*regexp.Regexp{numericDay, year, otherNumber, longerLife} {
		if found := form.FindString(line); found != "" {
			return found
		}
	}
	for _, form := range []*regexp.Regexp{monthBehind, monthBefore} {
		for _, found := range form.FindAllStringSubmatch(line, -1) {
			if months[strings.ToLower(found[1])] {
				return found[0]
			}
		}
	}
	return ""
}

func figures(s string) int {
	return strings.Count(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '#'
		}
		return r
	}, s), "#")
}

// mixed says whether letters and figures change places as in no word beside a number.
func mixed(s string) bool {
	changes := 0
	for i := 1; i < len(s); i++ {
		if s[i] != ' ' && s[i-1] != ' ' && (s[i] <= '9') != (s[i-1] <= '9') {
			changes++
		}
	}
	return changes >= 2
}

// beside is what stands behind a day or a number of the card on its own line, and is no label; empty where nothing does.
func beside(line string) string {
	at := strings.LastIndex(line, taken)
	if at < 0 {
		return ""
	}
	rest := fold(line[at:])
	for again := true; again; {
		again = false
		for _, p := range phrases {
			if after, ok := strings.CutPrefix(rest, p); ok && p != "" {
				rest, again = after, true
			}
		}
	}
	if rest == "" {
		return ""
	}
	return strings.TrimSpace(line[at+len(taken):])
}

// extras compares what remains of a page when its cards are taken out of it.
func (c *comparison) extras(p printedPage, cards []*card.Record, centre string) {
	says := sayings(cards, centre)
	for _, line := range remains(p.lines, says) {
		if s := strange(line); s != "" {
			c.doubt(p, "“%s” is none of the card's", clean(s))
			return
		}
		if s := beside(line); s != "" {
			c.doubt(p, "“%s” stands behind a line of the card", clean(s))
			return
		}
	}
	for _, labels := range [][]string{labelsOfExpiry, labelsOfNumber} {
		value, _ := p.behind(labels)
		if strings.ContainsAny(strings.Join(remains([]string{value}, says), ""), "0123456789") {
			c.doubt(p, "“%s” stands in the place of a line of the card", clean(value))
			return
		}
	}
}

// stray looks at a page without a code, and says whether it shows the lines of a card: then they have to be those of a card of the file.
func (c *comparison) stray(p printedPage, cards []*card.Record, centre string) bool {
	_, lasts := p.behind(labelsOfExpiry)
	_, numbered := p.behind(labelsOfNumber)
	if !lasts && !numbered && !slices.ContainsFunc(p.lines, func(line string) bool { return cardForm.MatchString(dashes.Replace(norm.NFKC.String(line))) }) {
		return false
	}
	if lasts && !slices.ContainsFunc(cards, func(r *card.Record) bool {
		from, _ := p.find(nameKey(r.Name), nameKey)
		return from >= 0 && p.holds(fold(r.Number.String()))
	}) {
		c.doubt(p, "it shows a card that is none of the signed ones")
		return true
	}
	c.extras(p, cards, centre)
	return true
}
