package document

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/cardproof/cardproof/card"
)

// follow looks where the codes and links of a file lead: to the issuer of their card, or to one of the origins.
func (c *comparison) follow(links []link, signed []*card.Record, origins []string) {
	for _, l := range links {
		own := origins
		if r := signed[l.card]; r != nil && r.Issuer != "" {
			own = append(slices.Clone(origins), r.Issuer) // a centre may have moved since
		}
		if where := LeadsElsewhere(l.text, own); where != "" {
			text := fmt.Sprintf("page %d: to %s", l.page, clean(where))
			if l.page == 0 {
				text = "to " + clean(where)
			}
			c.elsewhere = append(c.elsewhere, text)
		}
	}
}

// LeadsElsewhere says where a link leads, if that is to none of the origins: the host, or the whole of what is no address of a page. It is
// empty for a link to one of them, and for what is no link at all, as a number or a token.
func LeadsElsewhere(text string, origins []string) string {
	text = strings.TrimSpace(text)
	scheme, _, isLink := strings.Cut(text, ":")
	switch {
	case !isLink && !strings.Contains(text, "/"):
		return ""
	case !isLink || strings.ContainsAny(scheme, "/.0123456789"): // people leave the scheme out, and what follows may have a port
		text = origins[0][:strings.Index(origins[0], "://")+3] + strings.TrimPrefix(text, "//")
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return text
	}
	for _, o := range origins {
		if own, err := url.Parse(o); err == nil && own.Host != "" && strings.EqualFold(own.Host, u.Host) {
			if strings.Contains(u.Fragment, "/c/") || strings.Contains(u.Fragment, "/n/") {
				return text // a token that the page never gets
			}
			return ""
		}
	}
	return u.Host
}

var (
	// addressForm is a host with a dot in it, or localhost, with a scheme, a port or a path.
	addressForm = regexp.MustCompile(`(?i)(?:https?://)?(?:[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)+|localhost)(?::[0-9]+)?(?:/[^\s,;]*)?`)
	// checkWords are how pages say where a card is checked, in the languages that cards are read in.
	checkWords = regexp.MustCompile(`(?i)\b(?:check|verif|validat|authentic|genuin|confirm|scan|prüf|kontroll|vérifi|contrôl|comprob|compro[bv]|controll|sprawd|weryf)|провер|перевір|تحقق|जाँच|בדיקה|验证|核实|検証|確認|확인`)
)

// leads looks at the addresses that a page prints to check its cards at. They have to be the issuer's: the code is checked here, and
// people type the address. Others may stand elsewhere on the page, as that of the centre's own site.
func (c *comparison) leads(p printedPage, cards []*card.Record, origins []string) {
	if len(origins) == 0 {
		return
	}
	for _, r := range cards {
		if r.Issuer != "" {
			origins = append(slices.Clone(origins), r.Issuer) // a centre may have moved since
		}
	}
	for i, line := range p.lines {
		if p.says(i) || !checkWords.MatchString(norm.NFKC.String(line)) {
			continue
		}
		last := min(i+1+linesOfHost, len(p.lines))
		if strings.HasSuffix(strings.TrimSpace(line), ".") {
			last = i + 1 // the end of a sentence
		}
		if where := addressElsewhere(p.lines[i:last], origins); where != "" {
			c.elsewhere = append(c.elsewhere, fmt.Sprintf("page %d: “%s” is printed as the place to check the card", p.number, clean(where)))
			return
		}
	}
}

// linesOfHost are how many lines below the words a long host may be laid out in.
const linesOfHost = 3

// addressElsewhere is the first address in a line, or else in those below it, that is of none of the origins; empty where there is none. An
// address of the origins ends the search: what stands below it is another matter.
func addressElsewhere(lines, origins []string) string {
	if joined := norm.NFKC.String(strings.Join(lines[1:], "")); startsWithOrigin(joined, origins) {
		lines = lines[:1]
	}
	for i, line := range lines {
		if i+1 < len(lines) && strings.ContainsAny(lines[i+1][:1], ".-:@") {
			line += lines[i+1] // an address goes on there
		}
		line = dashes.Replace(norm.NFKC.String(line))
		for _, at := range addressForm.FindAllStringIndex(line, -1) {
			found := strings.TrimRight(line[at[0]:at[1]], ".:/")
			if at[0] > 0 && line[at[0]-1] == '@' || strings.HasPrefix(line[at[1]:], "@") || !hasTopDomain(found) {
				continue // a mail address, or figures
			}
			if !strings.Contains(found, "://") {
				found = "//" + found // else the host of localhost:8080 reads as a scheme
			}
			if where := LeadsElsewhere(found, origins); where != "" {
				return strings.TrimPrefix(where, "//")
			}
			return ""
		}
	}
	return ""
}

func startsWithOrigin(text string, origins []string) bool {
	return slices.ContainsFunc(origins, func(o string) bool {
		_, host, ok := strings.Cut(o, "://")
		return ok && len(text) >= len(host) && strings.EqualFold(text[:len(host)], host) &&
			!strings.ContainsAny(text[len(host):min(len(host)+1, len(text))], ".-:@")
	})
}

// hasTopDomain says whether an address has a path, or ends as hosts do: in at least two letters.
func hasTopDomain(address string) bool {
	host, _, hasPath := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(strings.ToLower(address), "https://"), "http://"), "/")
	host, _, hasPort := strings.Cut(host, ":")
	last := host[strings.LastIndex(host, ".")+1:]
	return hasPath || hasPort || len([]rune(last)) >= 2 && !strings.ContainsFunc(last, unicode.IsDigit)
}
