package page

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"duskpress/tools/pipeline"
)

// whole makes a page of a body that is in order but for that.
func whole(body string) string {
	return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>T</title></head><body><h1>T</h1>` + body + `</body></html>`
}

func causes(faults []pipeline.Fault) []string {
	list := []string{}
	for _, x := range faults {
		list = append(list, x.Rule+": "+x.Cause)
	}
	return list
}

func TestFaults(t *testing.T) {
	for body, want := range map[string]string{
		"<p>a<div>b</div>":                                           "", // the end tag may be left out
		"<p>a<div>b</div></p>":                                       "html: div in p",
		"<p>a <a href=/><div>b</div></a></p>":                        "html: div in p",
		"<ul><li>a<li>b<ul><li>c</ul></ul>":                          "",
		"<ul><li>a<div>b<li>c</ul>":                                  "html: unclosed div <li>",
		"<ul><p>a</p><p>b</p></ul>":                                  "html: p in ul",
		"<div><li>a</li></div>":                                      "html: li in div",
		"<table><thead><tr><th>1<tbody><tr><td>2<td>3</table>":       "",
		"<table><tr><td>1</table>":                                   "",
		"<table><caption>c</caption><col><td>1</table>":              "html: td in table",
		"<table><div>1</div></table>":                                "html: div in table",
		"<dl><div><dt>a<dd>b</div></dl>":                             "",
		"<dl><p>a</p></dl>":                                          "html: p in dl",
		"<b><i>x</b></i>":                                            "html: unclosed i </b>",
		"<div><div></div>":                                           "html: unclosed div </body>",
		"x</div>":                                                    "html: end div",
		"x</p>":                                                      "html: end p",
		"<br></br><hr>":                                              "",
		"<img src=a alt='' width=1 height=1></img>":                  "html: end img",
		"<a href=/>x <a href=/>y</a></a>":                            "html: a in a",
		"<button><select><option>1<option>2</select></button>":       "html: select in button",
		"<label>a <input></label><label><input type=hidden></label>": "",
		"<form><div><form></form></div></form>":                      "html: form in form",
		"<span><ul><li>a</ul></span>":                                "html: ul in span",
		"<svg><g><path d=''/><a><text>x</text></a></g></svg>":        "",
		"<svg><foreignObject><p>x<div>y</div></foreignObject></svg>": "",
		"<svg><div></div></svg>":                                     "html: div in svg",
		"<math><mi>x</mi><mo>&lt;</mo></math>":                       "",
		"<template><li>x</li><tr></tr></template>":                   "",
		"<my-list><li>x</li></my-list>":                              "",
		"<ruby>a<rt>b<rp>c</ruby><details><summary><h2>s</h2></summary>x</details>":           "",
		"<select><option>1<optgroup label=x><option>2</select>":                               "",
		"<video><source src=a></video><picture><source srcset=a><img src=a alt=''></picture>": "",
		`<p id="a"></p><p id="a"></p>`:                                                        "duplicate-id: a",
		`<p id="a"></p><template><p id="a"></p></template><a name="a"></a>`:                   "",
		`<p class="a" title="&quot; class=" class="b">x`:                                      "html: twice p class",
		`<p title="a=b class=c class=d">x`:                                                    "",
		"<h2>a</h2><h4>b</h4>":                                                                "skipped-heading: 2 4",
		"<h2>a</h2><h3>b</h3><h2>c</h2>":                                                      "",
		"<h1>again</h1>":                                                                      "main-heading: many",
		`<script type="application/ld+json">{"a":1}</script>`:                                 "",
		`<script type="application/ld+json">{"a":1,}</script>`:                                "json: script",
		`<script>{{ .X }} ZgotmplZ</script>`:                                                  "",
		"<p>{{&lt; toc >}}":                                                                   "unrendered: {{<",
		"<p><code>{{&lt; toc >}} ZgotmplZ &lt;no value></code>":                               "",
		`<a href="#ZgotmplZ">x</a>`:                                                           "unrendered: ZgotmplZ a href",
		"<p>&lt;no value&gt;":                                                                 "unrendered: <no value>",
		"<p><no value></no></p>":                                                              "unrendered: <no value>",
		"<p>100%! (really) %!important map[string]int map[0] {{ user.name }}":                 "",
		"<p>map[a:1 b:2]":                                                                     "unrendered: map[",
		`<p x-data="{{ .A }}" data-x="%!d(int=1)">x`:                                          "",
	} {
		_, faults := Read([]byte(whole(body)))
		if got := strings.Join(causes(faults), "; "); got != want {
			t.Errorf("%s\n got %q\nwant %q", body, got, want)
		}
	}
}

func TestWholePages(t *testing.T) {
	for page, want := range map[string]string{
		"":                                 "",
		"<li>part</li>":                    "",
		"<h2>x</h2><p>a part":              "",
		"<html><title>x</title><h1>x</h1>": "html: doctype; html: lang",
		"<!doctype html><title> </title><h1>x</h1>":                                     "html: title",
		"<!doctype html><title>x</title><h1>é</h1>":                                     "html: charset",
		"\ufeff<!doctype html><title>x</title><h1>é</h1>":                               "",
		"<!doctype html><title>x</title><p>x":                                           "main-heading: none",
		"<!doctype html><title>x</title><meta http-equiv=refresh content='0; url=/x/'>": "",
		"<!doctype html><html lang><title>x</title><h1>x</h1>":                          "html: lang",
	} {
		_, faults := Read([]byte(page))
		if got := strings.Join(causes(faults), "; "); got != want {
			t.Errorf("%s\n got %q\nwant %q", page, got, want)
		}
	}
}

// Of one kind of fault each is kept, up to a number that is told.
func TestFaultsOfAKind(t *testing.T) {
	_, faults := Read([]byte(whole("<p>one <div>x</div></p><p>two <div>x</div></p><p>two <div>x</div></p><p>three</p>")))
	var got []string
	for _, x := range faults {
		got = append(got, fmt.Sprint(x.Cause, ": ", x.Texts[1], " ", x.Nth, " ", x.More))
	}
	if d := cmp.Diff([]string{"div in p: one 0 0", "div in p: two 0 0", "div in p: two 1 0"}, got); d != "" {
		t.Error(d)
	}
	_, faults = Read([]byte(whole(strings.Repeat("<p>one <div>x</div></p>", mostPlaces+3))))
	if n := len(faults); n != mostPlaces || faults[n-1].More != 3 || faults[n-2].More != 0 {
		t.Errorf("of %d kept the last has %+v", n, faults[n-1])
	}
	many := func(kinds int) (body string) {
		for i := range kinds {
			body += fmt.Sprintf("</x-%d>", i)
		}
		return body
	}
	_, faults = Read([]byte(whole(many(mostCauses))))
	if n := len(faults); n != mostCauses || faults[n-1].Cause == "more" {
		t.Errorf("kept %d, the last %q", n, faults[n-1].Cause)
	}
	_, faults = Read([]byte(whole(many(mostCauses + 1))))
	if n := len(faults); n != mostCauses+1 || faults[n-1].Cause != "more" {
		t.Errorf("kept %d, the last %q", n, faults[n-1].Cause)
	}
}

func TestFacts(t *testing.T) {
	f, _ := Read([]byte(whole(`<link rel="alternate stylesheet" href="no.css"><link rel=stylesheet href="/a.css"><a id="x" name="y" href="/b/">b</a>
<img src="/p.png"><img src="/q.png" alt="" width="20" height="30" srcset="/r.png 2x"><img src="data:image/png;base64,AAAA" alt="x" style="height: 1em">
<svg><title>no title</title></svg>`)))
	f.Uses = nil
	want := &pipeline.Facts{
		Title: "T", Lang: "en", IDs: []string{"x", "y"}, Whole: true, Shows: true, Sheets: []string{"/a.css"},
		Links: []pipeline.Link{
			{Element: "link", Attribute: "href", URL: "no.css", Rel: "alternate stylesheet"}, {Element: "link", Attribute: "href", URL: "/a.css", Rel: "stylesheet"}, {Element: "a", Attribute: "href", URL: "/b/"},
			{Element: "img", Attribute: "src", URL: "/p.png"}, {Element: "img", Attribute: "src", URL: "/q.png"},
			{Element: "img", Attribute: "srcset", URL: "/r.png"},
			{Element: "img", Attribute: "src", URL: "data:image/png;base64,AAAA"},
		},
		Images: []pipeline.Image{
			{Src: "/p.png", NoAlt: true}, {Src: "/q.png", Width: 20, Height: 30, Sized: true, Chosen: true}, {Src: "data:", Sized: true},
		},
	}
	if d := cmp.Diff(want, f); d != "" {
		t.Error(d)
	}
}

func TestRefresh(t *testing.T) {
	for meta, want := range map[string][2]string{ // where the reader is sent at once, and what is linked to
		`<meta http-equiv="refresh" content="0; url=/a/">`:                                                 {"/a/", "/a/"},
		`<meta http-equiv=Refresh content="0;URL='/a/'">`:                                                  {"/a/", "/a/"},
		`<meta http-equiv="refresh" content="5; url=/a/">`:                                                 {"", "/a/"},
		`<meta http-equiv="refresh" content="30">`:                                                         {"", ""},
		`<meta name="refresh" content="0; url=/a/">`:                                                       {"", ""},
		`<meta http-equiv="refresh" content="0; url=/a/"><meta http-equiv="refresh" content="0; url=/b/">`: {"/a/", "/a/ /b/"},
	} {
		f, _ := Read([]byte(whole(meta)))
		var links []string
		for _, l := range f.Links {
			links = append(links, l.URL)
		}
		if got := [2]string{f.Refresh, strings.Join(links, " ")}; got != want {
			t.Errorf("%s: %q, want %q", meta, got, want)
		}
	}
}

func TestLeaksInFile(t *testing.T) {
	for text, want := range map[string]string{
		"<rss><description>&lt;p&gt;HAHAHUGOSHORTCODE1s0HBHB&lt;/p&gt;</description></rss>":                               "unrendered: HAHAHUGO",
		"<rss><description>&lt;p&gt;&lt;code&gt;ZgotmplZ &amp;lt;no value&gt;&lt;/code&gt;&lt;/p&gt;</description></rss>": "",
		"<rss><description><![CDATA[<p>HUGOMORE42</p><pre>ZgotmplZ</pre>]]></description></rss>":                          "unrendered: HUGOMORE42",
		"<rss><title>&lt;no value&gt;</title></rss>":                                                                      "unrendered: <no value>",
	} {
		if got := strings.Join(causes(LeaksInFile([]byte(text), true)), "; "); got != want {
			t.Errorf("%s\n got %q\nwant %q", text, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{
		whole("<p>a<div>b</div></p><ul><li>x"), "<table><tr><td><svg><foreignobject><p></svg></table>", "<b><i></b></i></p></ul>",
		"<h1>{{< x >}}</h1><img src=a><script type=importmap>{", "<a id=x id=x class='' class=\"", "<no value>", "<select><option><template></option>",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		facts, faults := Read([]byte(src))
		again, more := Read([]byte(src))
		if d := cmp.Diff(facts, again) + cmp.Diff(faults, more); d != "" {
			t.Errorf("not the same twice: %s", d)
		}
		for _, x := range faults {
			if x.Rule == "" || x.Cause == "" || x.Message == "" || strings.ToValidUTF8(x.Message, "") != x.Message && strings.ToValidUTF8(src, "") == src {
				t.Errorf("%+v", x)
			}
		}
		LeaksInFile([]byte(src), true)
	})
}

func BenchmarkRead(b *testing.B) {
	page := []byte(whole(strings.Repeat("<p>Some words, a <code>code  span</code> &amp; a <a href=\"/x/\">link</a>.</p>\n<ul><li>one<li>two</ul><h2 id=\"x\">Two</h2>\n", 100)))
	b.SetBytes(int64(len(page)))
	for b.Loop() {
		Read(page)
	}
}
