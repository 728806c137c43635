package formats

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"
)

const (
	atomSpace = "http://www.w3.org/2005/Atom"
	zeroHint  = "the post has no date: give it one, or leave the element out with {{ if not .Date.IsZero }}"
)

// rss checks RSS 2.0.
type rss struct {
	*checker
	channels int
	has      map[string]bool // of the channel
	item     map[string]bool // of the item, nil outside
	items    int
	title    string
	link     string
	guids    map[string]bool
}

func (r *rss) start(path []string, e xml.StartElement) {
	switch {
	case at(path, "rss"):
		if v := attribute(e, "version"); v != "2.0" {
			r.add(true, "version", `write <rss version="2.0">`, "the feed has the version %q, and readers know 2.0", v)
		}
	case at(path, "rss", "channel"):
		r.channels++
		r.has = make(map[string]bool)
	case at(path, "rss", "channel", "item"):
		r.items++
		r.item, r.title, r.link = make(map[string]bool), "", ""
		r.checker.item = len(r.faults)
	case len(path) == 4 && path[2] == "item" && path[3] == "enclosure":
		for _, name := range []string{"url", "length", "type"} {
			v := attribute(e, name)
			if _, err := strconv.ParseUint(v, 10, 64); v == "" || name == "length" && err != nil {
				r.add(false, "enclosure "+name, "an enclosure has url, length in bytes and type", "%s: its enclosure has no %s", r.which(), name)
			}
		}
	}
}

// which names the item that is read.
func (r *rss) which() string {
	if r.title != "" {
		return fmt.Sprintf("item %d, %q", r.items, r.title)
	}
	return fmt.Sprintf("item %d", r.items)
}

func (r *rss) end(path []string, text string) {
	name := path[len(path)-1]
	if len(path) > 1 && path[1] != "channel" {
		return
	}
	switch {
	case at(path, "rss", "channel"):
		for _, want := range []string{"title", "link", "description"} {
			if filled, there := r.has[want]; !there {
				r.add(true, "channel "+want, "", "the feed has no %s, which RSS demands", want)
			} else if !filled && want != "description" {
				r.add(false, "channel "+want, "", "the %s of the feed is empty", want)
			}
		}
	case at(path, "rss", "channel", "item"):
		if !r.item["title"] && !r.item["description"] {
			r.add(false, "item title", "", "%s has neither title nor description", r.which())
		}
		if !r.item["guid"] && !r.item["link"] {
			r.add(false, "item guid", "write <guid>{{ .Permalink }}</guid>", "%s has neither guid nor link, so readers show it anew each time", r.which())
		}
		r.item = nil
		r.close(fmt.Sprintf("item %d", r.items), r.which(), r.link, r.title)
	case len(path) == 3 && (name == "title" || name == "link" || name == "description"):
		r.has[name] = r.has[name] || text != ""
	case len(path) == 3 && (name == "pubDate" || name == "lastBuildDate"):
		r.date("the feed", name, text)
	case len(path) == 4 && path[2] == "item":
		r.item[name] = r.item[name] || text != ""
		switch name {
		case "title":
			r.title = text
		case "link":
			r.link = text
		case "pubDate":
			r.date(r.which(), name, text)
		case "guid":
			if r.guids[text] && text != "" {
				r.add(false, "guid twice", "an item's guid is its own: use .Permalink", "%s has the guid of another: %s", r.which(), text)
			}
			r.guids[text] = true
		}
	}
}

// rfc822 are the forms of dates that RSS knows.
var rfc822 = []string{time.RFC1123Z, time.RFC1123, "Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 MST", "2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 MST",
	"Mon, 2 Jan 2006 15:04 -0700", "Mon, 2 Jan 2006 15:04 MST"}

func (r *rss) date(which, name, text string) {
	for _, layout := range rfc822 {
		if t, err := time.Parse(layout, text); err == nil {
			if t.Year() <= 1 {
				r.add(false, name+" zero", zeroHint, "%s: its %s is of the year 1", which, name)
			}
			return
		}
	}
	r.add(false, name, `write {{ .Date.Format "Mon, 02 Jan 2006 15:04:05 -0700" }}`, "%s: its %s is no date as RSS has it: %q", which, name, text)
}

func (r *rss) finish() {
	if r.channels != 1 {
		r.add(true, "channel", "", "the feed has %d channels, and RSS demands one", r.channels)
	}
}

// atom checks Atom, RFC 4287.
type atom struct {
	*checker
	has, entry map[string]bool
	entries    int
	title      string
	link       string
	unsigned   string // an entry without an author
	ids        map[string]bool
}

func (a *atom) which() string {
	switch {
	case a.entry == nil:
		return "the feed"
	case a.title != "":
		return fmt.Sprintf("entry %d, %q", a.entries, a.title)
	}
	return fmt.Sprintf("entry %d", a.entries)
}

func (a *atom) start(path []string, e xml.StartElement) {
	switch {
	case at(path, "feed"):
		a.has = make(map[string]bool)
	case at(path, "feed", "entry"):
		a.entries++
		a.entry, a.title, a.link = make(map[string]bool), "", ""
		a.item = len(a.faults)
	case at(path, "feed", "entry", "link"):
		if rel := attribute(e, "rel"); rel == "" || rel == "alternate" {
			a.link = attribute(e, "href")
		}
	}
}

func (a *atom) end(path []string, text string) {
	name := path[len(path)-1]
	switch {
	case at(path, "feed"):
		a.demand(a.has)
	case at(path, "feed", "entry"):
		a.demand(a.entry)
		if !a.entry["author"] && a.unsigned == "" {
			a.unsigned = a.which()
		}
		a.close(fmt.Sprintf("entry %d", a.entries), a.which(), a.link, a.title)
		a.entry = nil
	case len(path) == 3 && path[1] == "entry":
		a.entry[name] = a.entry[name] || text != "" || name == "author"
		if name == "title" {
			a.title = text
		}
		a.value(name, text)
	case len(path) == 2:
		a.has[name] = a.has[name] || text != "" || name == "author"
		a.value(name, text)
	}
}

func (a *atom) demand(has map[string]bool) {
	for _, want := range []string{"id", "title", "updated"} {
		if !has[want] && (want != "title" || a.entry == nil) {
			a.add(true, fmt.Sprint(want, a.entry == nil), "", "%s has no %s, which Atom demands", a.which(), want)
		}
	}
}

func (a *atom) value(name, text string) {
	switch name {
	case "updated", "published":
		rfc3339(a.checker, a.which(), name, text)
	case "id":
		if a.ids[text] && text != "" {
			a.add(false, "id twice", "an entry's id is its own: use .Permalink", "%s has the id of another: %s", a.which(), text)
		}
		a.ids[text] = true
	}
}

func (a *atom) finish() {
	if a.unsigned != "" && !a.has["author"] {
		a.add(false, "author", "write <author><name>…</name></author> once, in the feed", "%s has no author, and the feed has none either", a.unsigned)
	}
}

// rfc3339 checks a date of Atom or of a JSON feed.
func rfc3339(c *checker, which, name, text string) {
	t, err := time.Parse(time.RFC3339, strings.ToUpper(text))
	switch {
	case text == "":
	case err != nil:
		c.add(false, name, `write {{ .Date.Format "2006-01-02T15:04:05Z07:00" }}`, "%s: its %s is no date of RFC 3339: %q", which, name, text)
	case t.Year() <= 1:
		c.add(false, name+" zero", zeroHint, "%s: its %s is of the year 1", which, name)
	}
}
