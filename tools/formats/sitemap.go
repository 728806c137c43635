package formats

import (
	"encoding/xml"
	"strconv"
	"time"
)

// What one sitemap may have: https://www.sitemaps.org/protocol.html.
const (
	mostAddresses = 50_000
	mostBytes     = 50 << 20
)

// sitemap checks a sitemap or an index of sitemaps. Whether its addresses are
// those of pages is for others to say.
type sitemap struct {
	*checker
	size, addresses int
	loc             bool
}

func (s *sitemap) start(path []string, _ xml.StartElement) {
	if len(path) == 2 {
		s.addresses++
		s.loc = false
	}
}

var frequencies = map[string]bool{"always": true, "hourly": true, "daily": true, "weekly": true, "monthly": true, "yearly": true, "never": true}

func (s *sitemap) end(path []string, text string) {
	switch len(path) {
	case 2:
		if !s.loc {
			s.add(true, "loc", "", "entry %d has no loc, the address that it is for", s.addresses)
		}
		return
	case 3:
	default:
		return
	}
	switch path[2] {
	case "loc":
		s.loc = text != ""
	case "lastmod":
		s.lastmod(text)
	case "changefreq":
		if !frequencies[text] {
			s.add(false, "changefreq", "always, hourly, daily, weekly, monthly, yearly or never", "entry %d: its changefreq is %q", s.addresses, text)
		}
	case "priority":
		if p, err := strconv.ParseFloat(text, 64); err != nil || p < 0 || p > 1 {
			s.add(false, "priority", "a number from 0.0 to 1.0; in front matter: sitemap.priority", "entry %d: its priority is %q", s.addresses, text)
		}
	}
}

func (s *sitemap) lastmod(text string) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", time.DateOnly, "2006-01", "2006"} {
		if t, err := time.Parse(layout, text); err == nil {
			if t.Year() <= 1 {
				s.add(false, "lastmod zero", "leave the element out with {{ if not .Lastmod.IsZero }}", "entry %d: its lastmod is of the year 1", s.addresses)
			}
			return
		}
	}
	s.add(false, "lastmod", `write {{ .Lastmod.Format "2006-01-02T15:04:05-07:00" }}`, "entry %d: its lastmod is no date: %q", s.addresses, text)
}

func (s *sitemap) finish() {
	if s.addresses > mostAddresses {
		s.add(false, "many", "split it, and list the parts in an index: what is behind those is found by links alone", "the sitemap has %d addresses, and search engines read %d", s.addresses, mostAddresses)
	}
	if s.size > mostBytes {
		s.add(false, "large", "split it, and list the parts in an index: what is behind those is found by links alone", "the sitemap has %d bytes, and search engines read %d", s.size, mostBytes)
	}
}
