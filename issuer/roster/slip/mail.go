package slip

import (
	"slices"
	"strings"

	"github.com/cardproof/cardproof/issuer/roster/fold"
)

// common are the mail domains that people mistype. Short ones are not among them: their neighbours are domains as well.
var common = strings.Fields("gmail.com googlemail.com yahoo.com yahoo.de yahoo.fr yahoo.es yahoo.co.uk hotmail.com hotmail.de hotmail.fr hotmail.es hotmail.co.uk " +
	"outlook.com outlook.de outlook.fr outlook.es icloud.com protonmail.com comcast.net verizon.net fastmail.com t-online.de freenet.de mailbox.org posteo.de " +
	"orange.fr wanadoo.fr laposte.net telefonica.net bluewin.ch interia.pl gazeta.pl poczta.onet.pl")

// neighbours are real mail domains one letter away from a common one.
var neighbours = strings.Fields("mail.com email.com ymail.com fmail.com gmx.net gmx.com gmx.de gmx.at gmx.ch hotmail.ch outlook.be outlook.it outlook.at " +
	"yahoo.se yahoo.it yahoo.ca yahoo.co.in yahoo.co.nz hotmail.se hotmail.it hotmail.be orange.es orange.pl bluewin.com onet.pl comcast.com")

// lostEnds are what the end ".com" becomes under a hasty finger, although some of them are countries.
var lostEnds = []string{"co", "cm", "om"}

// NearDomain is the common mail domain that the address's own is one letter away from, or nothing.
func NearDomain(email string) string {
	at := strings.LastIndexByte(email, '@')
	domain := strings.ToLower(email[at+1:])
	if slices.Contains(common, domain) || slices.Contains(neighbours, domain) {
		return ""
	}
	for _, known := range common {
		if fold.IsOneApart(domain, known) && !isOtherCountry(domain, known) {
			return known
		}
	}
	return ""
}

// isOtherCountry says whether two domains are those of one provider in two countries, as far as that can be told. Gmail has none.
func isOtherCountry(domain, known string) bool {
	name, end, _ := strings.Cut(domain, ".")
	knownName, _, _ := strings.Cut(known, ".")
	return name == knownName && name != "gmail" && len(end) == 2 && !slices.Contains(lostEnds, end)
}
