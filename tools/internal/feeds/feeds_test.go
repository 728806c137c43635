package feeds

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"path"
	"slices"
	"strings"
	"time"
)

// An item is a post in a feed.
type item struct {
	id, url, title string
	published      time.Time
	tags           []string
	html           string
}

// items judges what RSS and JSON Feed have in common, and that a feed has the
// newest posts of the site or of its tag.
func (s *site) items(where string, items []item) {
	if len(items) == 0 {
		s.complain(where, "no post")
	}
	ids := make(map[string]bool)
	var have []string
	for i, it := range items {
		s.address(where, "the address of a post", it.url)
		have = append(have, it.url)
		if ids[it.id] || it.id == "" {
			s.complain(where, "the id %q stands twice or is empty", it.id)
		}
		ids[it.id] = true
		if it.title == "" || it.html == "" {
			s.complain(where, "%s has no title or no text", it.url)
		}
		if i > 0 && it.published.After(items[i-1].published) {
			s.complain(where, "%s is newer than the post before it", it.url)
		}
		s.text(where+": "+it.url, it.html)
	}
	want := s.newest(path.Dir(where))
	if !slices.Equal(sorted(have), sorted(want)) {
		s.complain(where, "has %q, and the newest posts are %q", have, want)
	}
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

const feedLimit = 20

// newest are the addresses of the posts that a feed in a directory has to have,
// as the pages themselves say: those with a date of publishing, and with the tag
// or in the series whose page is there.
func (s *site) newest(dir string) []string {
	of := s.of(dir)
	type post struct{ url, date string }
	var posts []post
	for _, name := range s.named("*.html") {
		p := s.page(name)
		dates := p.meta["article:published_time"]
		if len(dates) == 0 || p.lang != of.lang {
			continue
		}
		if strings.Contains("/"+dir, "/tags/") && !slices.Contains(p.meta["article:tag"], of.h1) {
			continue
		}
		if strings.Contains("/"+dir, "/series/") && !p.anchors[path.Join(s.base.Path, dir)+"/"] && !p.anchors[path.Join(s.base.Path, dir)+".html"] {
			continue
		}
		posts = append(posts, post{p.canonical, dates[0]})
	}
	slices.SortStableFunc(posts, func(a, b post) int { return strings.Compare(b.date, a.date) })
	var urls []string
	for _, p := range posts[:min(len(posts), feedLimit)] {
		urls = append(urls, p.url)
	}
	return urls
}

type rss struct {
	XMLName xml.Name `xml:"rss"`
	Version string   `xml:"version,attr"`
	Channel struct {
		Title       string `xml:"title"`
		Description string `xml:"description"`
		Language    string `xml:"language"`
		Build       string `xml:"lastBuildDate"`
		Links       []struct {
			XMLName xml.Name
			Href    string `xml:"href,attr"`
			Rel     string `xml:"rel,attr"`
			Type    string `xml:"type,attr"`
			Text    string `xml:",chardata"`
		} `xml:"link"`
		Items []struct {
			Title string `xml:"title"`
			Link  string `xml:"link"`
			GUID  struct {
				Permalink string `xml:"isPermaLink,attr"`
				Text      string `xml:",chardata"`
			} `xml:"guid"`
			Date        string   `xml:"pubDate"`
			Categories  []string `xml:"category"`
			Description string   `xml:"description"`
			Content     string   `xml:"http://purl.org/rss/1.0/modules/content/ encoded"`
		} `xml:"item"`
	} `xml:"channel"`
}

// strictXML decodes a whole document and finds what Decode leaves unread.
func strictXML(data string, into any) error {
	d := xml.NewDecoder(strings.NewReader(data))
	if err := d.Decode(into); err != nil {
		return err
	}
	for {
		if _, err := d.Token(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (s *site) rss(name string) {
	var feed rss
	if err := strictXML(s.files[name], &feed); err != nil {
		s.complain(name, "%v", err)
		return
	}
	c := feed.Channel
	if feed.Version != "2.0" || c.Title == "" || c.Description == "" {
		s.complain(name, "no version, title or description")
	}
	if lang := s.of(path.Dir(name)).lang; c.Language != lang || lang == "" {
		s.complain(name, "the language is %q, that of the page %q", c.Language, lang)
	}
	if _, err := time.Parse(time.RFC1123Z, c.Build); err != nil && c.Build != "" {
		s.complain(name, "lastBuildDate: %v", err)
	}
	self, home := "", ""
	for _, l := range c.Links {
		if l.XMLName.Space == "http://www.w3.org/2005/Atom" {
			if l.Rel == "self" && l.Type == "application/rss+xml" {
				self = l.Href
			}
			continue
		}
		home = l.Text
	}
	s.address(name, "the channel's link", home)
	if s.address(name, "the link to itself", self); s.file(self) != name {
		s.complain(name, "says that it is %q", self)
	}
	var items []item
	for _, it := range c.Items {
		date, err := time.Parse(time.RFC1123Z, it.Date)
		if err != nil {
			s.complain(name, "the date of %s: %v", it.Link, err)
		}
		if it.GUID.Permalink != "true" || it.GUID.Text != it.Link {
			s.complain(name, "the guid of %s is %q", it.Link, it.GUID.Text)
		}
		items = append(items, item{it.GUID.Text, it.Link, it.Title, date, it.Categories, it.Content})
	}
	s.items(name, items)
}

type jsonFeed struct {
	Version     string `json:"version"`
	Title       string `json:"title"`
	Home        string `json:"home_page_url"`
	Feed        string `json:"feed_url"`
	Description string `json:"description"`
	Language    string `json:"language"`
	Items       []struct {
		ID        string   `json:"id"`
		URL       string   `json:"url"`
		Title     string   `json:"title"`
		Summary   string   `json:"summary"`
		HTML      string   `json:"content_html"`
		Image     string   `json:"image"`
		Published string   `json:"date_published"`
		Modified  string   `json:"date_modified"`
		Tags      []string `json:"tags"`
		Authors   []struct {
			Name string `json:"name"`
			URL  string `json:"url"`
		} `json:"authors"`
	} `json:"items"`
}

func (s *site) jsonFeed(name string) {
	var feed jsonFeed
	d := json.NewDecoder(strings.NewReader(s.files[name]))
	d.DisallowUnknownFields()
	if err := d.Decode(&feed); err != nil {
		s.complain(name, "%v", err)
		return
	}
	if _, err := d.Token(); err != io.EOF {
		s.complain(name, "something follows the feed")
	}
	if feed.Version != "https://jsonfeed.org/version/1.1" || feed.Title == "" {
		s.complain(name, "no title, or the version %q", feed.Version)
	}
	if lang := s.of(path.Dir(name)).lang; feed.Language != lang || lang == "" {
		s.complain(name, "the language is %q, that of the page %q", feed.Language, lang)
	}
	s.address(name, "home_page_url", feed.Home)
	if s.address(name, "feed_url", feed.Feed); s.file(feed.Feed) != name {
		s.complain(name, "says that it is %q", feed.Feed)
	}
	var items []item
	for _, it := range feed.Items {
		date, err := time.Parse(time.RFC3339, it.Published)
		if err != nil {
			s.complain(name, "the date of %s: %v", it.URL, err)
		}
		if _, err := time.Parse(time.RFC3339, it.Modified); err != nil && it.Modified != "" {
			s.complain(name, "the other date of %s: %v", it.URL, err)
		}
		if it.Image != "" {
			s.address(name, "image", it.Image)
		}
		for _, a := range it.Authors {
			if a.Name == "" {
				s.complain(name, "%s has an author without a name", it.URL)
			}
		}
		items = append(items, item{it.ID, it.URL, it.Title, date, it.Tags, it.HTML})
	}
	s.items(name, items)
}
