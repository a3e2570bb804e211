package document

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

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
