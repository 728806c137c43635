package formats

import (
	"fmt"
	"strings"
	"testing"
)

const (
	channel   = "<title>t</title><link>https://example.org/</link><description/>"
	atomStart = `<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>i</id><updated>2026-01-02T03:04:05Z</updated><author><name>a</name></author>`
)

func TestXML(t *testing.T) {
	for doc, want := range map[string]string{
		`<rss version="2.0"><channel>` + channel + `<item><title>a</title><guid>1</guid><pubDate>Fri, 02 Jan 2026 03:04:05 +0100</pubDate></item></channel></rss>`: "",
		`<rss version="0.91"><channel>` + channel + `</channel></rss>`:                                                                                             "feed version",
		`<rss version="2.0"></rss>`: "feed channel",
		`<rss version="2.0"><channel><title>t</title><link/><description/></channel></rss>`:                                                                        "feed channel link",
		`<rss version="2.0"><channel>` + channel + `<item><guid>1</guid></item></channel></rss>`:                                                                   "feed item title",
		`<rss version="2.0"><channel>` + channel + `<item><title>a</title></item></channel></rss>`:                                                                 "feed item guid",
		`<rss version="2.0"><channel>` + channel + `<item><title>a</title><guid>1</guid><pubDate>Mon, 01 Jan 0001 00:00:00 +0000</pubDate></item></channel></rss>`: "feed pubDate zero",
		`<rss version="2.0"><channel>` + channel + `<item><title>a</title><guid>1</guid><enclosure url="u" type="t"/></item></channel></rss>`:                      "feed enclosure length",
		atomStart + `<entry><title>e</title><id>1</id><updated>2026-01-02T03:04:05+01:00</updated></entry></feed>`:                                                 "",
		atomStart + `<entry><title>e</title><id>i</id><updated>2026-01-02</updated></entry></feed>`:                                                                "feed id twice; feed updated",
		`<feed><anything/></feed>`: "",
		`<urlset xmlns="x"><url><loc>https://example.org/</loc><lastmod>2026-01-02</lastmod></url></urlset>`:  "",
		`<urlset><url><loc>u</loc><changefreq>often</changefreq><lastmod>0001-01-01</lastmod></url></urlset>`: "sitemap changefreq; sitemap lastmod zero",
		`<sitemapindex><sitemap></sitemap></sitemapindex>`:                                                    "sitemap loc",
		"":              "xml empty",
		"<a>\x01</a>":   "xml syntax",
		"<a><b></a>":    "xml syntax",
		"<a>&nbsp;</a>": "xml syntax",
		`<?xml version="1.0" encoding="latin1"?><a/>`: "xml syntax",
		" <?xml version=\"1.0\"?><a/>":                "xml late",
		"<opensearch><x/></opensearch>":               "",
	} {
		var got []string
		for _, x := range XML([]byte(doc)) {
			got = append(got, x.Rule+" "+x.Cause)
			if x.Message == "" {
				t.Errorf("%s: no message", doc)
			}
		}
		if strings.Join(got, "; ") != want {
			t.Errorf("%s\n got %q\nwant %q", doc, got, want)
		}
	}
}

func TestLargeSitemap(t *testing.T) {
	var b strings.Builder
	b.WriteString("<urlset>")
	for i := range mostAddresses + 1 {
		fmt.Fprintf(&b, "<url><loc>https://example.org/%d</loc></url>", i)
	}
	b.WriteString("</urlset>")
	faults := XML([]byte(b.String()))
	if len(faults) != 1 || faults[0].Fatal || !strings.Contains(faults[0].Message, "50001 addresses") {
		t.Errorf("%+v", faults)
	}
}

func TestJSON(t *testing.T) {
	const feed = `{"version": "https://jsonfeed.org/version/1.1", "title": "t", "items": [`
	for doc, want := range map[string]string{
		`{"a": [1, 2]}`: "",
		`{"a": 1,}`:     `json syntax: it is no JSON: line 1: invalid character '}' looking for beginning of object key string, after "{\"a\": 1,}"`,
		"":              "json syntax: it is no JSON: it is empty",
		"\ufeff{}":      "json syntax: it is no JSON: a byte order mark stands before it",
		"[1]\n[2]":      `json syntax: it is no JSON: line 2: invalid character '[' after top-level value, after "[1]\n["`,
		feed + `{"id": "1", "content_text": ""}]}`:                                          "",
		feed + `{"id": "1", "content_text": "x"}, {"id": "1", "content_html": "y"}]}`:       "feed id twice: item 2 has the id of another: 1",
		feed + `{"id": 1, "content_text": "x", "date_published": "2026-01-02T00:00:00Z"}]}`: "feed id string: item 1: its id is no string",
		feed + `{"id": "1", "content_text": "x", "date_modified": 7}]}`:                     "feed date_modified: item 1: its date_modified is no date of RFC 3339: 7",
		`{"version": "https://jsonfeed.org/version/1", "title": "t"}`:                       "feed items: the feed has no items, which JSON Feed demands",
		feed + `7]}`: "feed shape: readers of JSON feeds cannot read it: json: cannot unmarshal number into Go struct field jsonFeed.items of type formats.jsonItem",
	} {
		var got []string
		for _, x := range JSON([]byte(doc)) {
			got = append(got, x.Rule+" "+x.Cause+": "+x.Message)
		}
		if strings.Join(got, "; ") != want {
			t.Errorf("%s\n got %q\nwant %q", doc, got, want)
		}
	}
}

func FuzzXML(f *testing.F) {
	f.Add(`<?xml version="1.0"?><rss version="2.0"><channel>` + channel + `<item/></channel></rss>`)
	f.Add(atomStart + "<entry><id/></entry></feed>")
	f.Add("<urlset><url><loc/></url></urlset>")
	f.Add("<rss><rss><channel><item></rss>")
	f.Fuzz(func(_ *testing.T, doc string) { XML([]byte(doc)) })
}

func FuzzJSON(f *testing.F) {
	f.Add(`{"version": "https://jsonfeed.org/version/1.1", "title": "t", "items": [{"id": null}]}`)
	f.Add(`{"a": [1, 2,]}`)
	f.Fuzz(func(_ *testing.T, doc string) { JSON([]byte(doc)) })
}
