package headers

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var quiet = cmp.Options{cmpopts.IgnoreUnexported(Rule{}), cmpopts.EquateEmpty()}

func TestParse(t *testing.T) {
	const file = "\ufeff# what everything gets\n" +
		"/*\r\n" +
		"  X-Frame-Options: DENY\r\n" +
		"\n" +
		"    # indented comments, and no indent\n" +
		"Link: </a.css>; rel=preload; as=style\n" +
		"  cache-control: max-age=0\n" +
		"  Cache-Control: must-revalidate\n" +
		"/a/:b\n" +
		"/empty\n" +
		"/last\n" +
		"  X-Y: https://example.org:8080/\n"
	rules, faults := Parse([]byte(file))
	want := []Rule{
		{Path: "/*", Line: 2, Column: 1, Fields: []Field{
			{"X-Frame-Options", "DENY", 3, 3}, {"Link", "</a.css>; rel=preload; as=style", 6, 1}, {"cache-control", "max-age=0,must-revalidate", 7, 3}}},
		{Path: "/a/:b", Line: 9, Column: 1},
		{Path: "/empty", Line: 10, Column: 1},
		{Path: "/last", Line: 11, Column: 1, Fields: []Field{{"X-Y", "https://example.org:8080/", 12, 3}}},
	}
	if d := cmp.Diff(want, rules, quiet); d != "" {
		t.Error(d)
	}
	if len(faults) != 2 || faults[0].Line != 9 || faults[1].Line != 10 || faults[1].Message != "no header follows this path" {
		t.Error(faults)
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		file, want string
		line       int
	}{
		{"X-A: b\n", "without a path", 1},
		{"/*\n  X-A b\n", "neither a path nor a header", 2},
		{"/*\nposts/*\n", "neither a path nor a header", 2},
		{"/*\n  X A: b\n", `"X A" is no name`, 2},
		{"/*\n  : b\n", `"" is no name`, 2},
		{"/*\n  X-A:\n", "X-A has no value", 2},
		{"/*\n\n  X-A: \x01\n", "a character", 3},
		{"/*\n  content-length: 7\n", "sets the header content-length itself", 2},
		{"/*\nhttps://example.org/x\n", "not for an address", 2},
		{"/a\n# b\n\n", "no header follows", 1},
	} {
		rules, faults := Parse([]byte(c.file))
		if len(faults) != 1 || faults[0].Line != c.line || !strings.Contains(faults[0].Message, c.want) {
			t.Errorf("%q: %v, want line %d: %q", c.file, faults, c.line, c.want)
		}
		for _, r := range rules {
			if len(r.Fields) > 0 {
				t.Errorf("%q: the faulty line is used: %v", c.file, r.Fields)
			}
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct{ path, yes, no string }{
		{"/", "/", "/a //a"},
		{"/a", "/a /a/ /A", "/ /ab /a/b /b/a"},
		{"/a/", "/a /a/", "/a/b"},
		{"//a//b//", "/a/b /a/b/", "/ab"},
		{"/*", "/ /a /a/b /a/b/", ""},
		{"/a/*", "/a /a/ /a/b /a/b/c", "/b /"},
		{"/*/a", "/a /x/a /x/y/a /a/", "/a/b /xb"},
		{"/a/*/c", "/a/c /a/b/c /a/b/b/c", "/a /c /a/b"},
		{"/:x", "/a /a/", "/ /a/b"},
		{"/a/:b/c", "/a/x/c", "/a/c /a/x/y/c"},
		{"/a/:b", "/a/x", "/a /a/x/y"},
		{"/*.md", "/a.md /a/b.md /.md", "/amd /a.md5"},
		{"/img_*.png", "/img_1.png /img_a/b.png", "/img.png"},
		{"/a.b", "/a.b", "/axb"},
		{"/*/index.xml", "/index.xml /a/index.xml /a/b/index.xml", "/index.xmlx /a.xml"},
		{"/[(", "/[(", "/x"},
		{"/*[(", "/x[(", "/x"},
		{"/caf\u00e9/*", "/caf\u00e9/x", "/cafe/x"},
	} {
		rule := Rule{Path: c.path}
		for p := range strings.FieldsSeq(c.yes) {
			if !rule.Match(p) {
				t.Errorf("%s is not for %s", c.path, p)
			}
		}
		for p := range strings.FieldsSeq(c.no) {
			if rule.Match(p) {
				t.Errorf("%s is for %s", c.path, p)
			}
		}
	}
}

func TestApply(t *testing.T) {
	rules, faults := Parse([]byte("/*\n A: 1\n B: 1\n/x/*\n b: 2\n C: 2\n/x/y\n C: 3\n"))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	rules = append(rules, Rule{Path: "/*", Fields: []Field{{Name: "Content-Length", Value: "0"}}})
	for path, want := range map[string]http.Header{
		"/":    {"A": {"1"}, "B": {"1"}},
		"/x/":  {"A": {"1"}, "B": {"2"}, "C": {"2"}},
		"/x/y": {"A": {"1"}, "B": {"2"}, "C": {"3"}},
	} {
		if d := cmp.Diff(want, Apply(rules, path)); d != "" {
			t.Errorf("%s: %s", path, d)
		}
	}
}

// FuzzParse wants what was read to be written and read again as the same, and
// every response of it to be one that net/http would send.
func FuzzParse(f *testing.F) {
	f.Add([]byte("/*\n  X-Frame-Options: DENY\n"), "/")
	f.Add([]byte("# c\n/a/:b/*\n A: b\n a: c\n"), "/a/b/c")
	f.Add([]byte("\ufeff/[*(\nA:\n:\n//\n"), "//")
	f.Fuzz(func(t *testing.T, data []byte, path string) {
		rules, faults := Parse(data)
		for _, fault := range faults {
			if fault.Line < 1 || fault.Line > 1+bytes.Count(data, []byte("\n")) || fault.Message == "" {
				t.Errorf("fault %+v", fault)
			}
		}
		again, faults := Parse(Format(rules))
		if len(faults) > 0 {
			t.Errorf("what was written has faults: %v", faults)
		}
		if a, b := Apply(rules, path), Apply(again, path); !maps.EqualFunc(a, b, func(a, b []string) bool { return cmp.Equal(a, b) }) {
			t.Errorf("%v became %v", a, b)
		}
		for name, values := range Apply(rules, path) {
			for _, v := range values {
				if strings.ContainsAny(name+v, "\r\n\x00") {
					t.Errorf("%q: %q", name, v)
				}
			}
		}
	})
}

func TestParseRedirects(t *testing.T) {
	const file = "# comment\n" +
		"/home  /\n" +
		"/old/* /new/:splat 301! # why\n" +
		"/store id=:id page=2  /blog/:id  302\n" +
		"/gone https://example.org/x 200 Country=de,at Language=de\n"
	got, faults := ParseRedirects([]byte(file))
	want := []Redirect{
		{From: "/home", To: "/", Status: 301, Line: 2, Column: 1},
		{From: "/old/*", To: "/new/:splat", Status: 301, Force: true, Line: 3, Column: 1},
		{From: "/store", To: "/blog/:id", Status: 302, Query: map[string]string{"id": ":id", "page": "2"}, Line: 4, Column: 1},
		{From: "/gone", To: "https://example.org/x", Status: 200, Conditions: map[string]string{"Country": "de,at", "Language": "de"}, Line: 5, Column: 1},
	}
	if d := cmp.Diff(want, got); d != "" || len(faults) > 0 {
		t.Error(d, faults)
	}
	for line, want := range map[string]string{
		"old /new":          "begins with a path",
		"/old":              "needs a path",
		"/old new":          "needs a path",
		"/old x /new":       "no parameter",
		"/old /new moved":   "neither a status",
		"/old /new 299":     "299 is no status",
		"/a/*/b /new":       "in the middle",
		"/a /b 307":         "no redirect with status 307",
		"/.netlify/x /y":    "to itself",
		"/a/* 301":          "needs a path",
		"/a 200":            "needs a path",
		"/old /new 301 x=":  "",
		"/old /new # x y z": "",
	} {
		_, faults := ParseRedirects([]byte("\n" + line + "\n"))
		switch {
		case want == "" && len(faults) > 0:
			t.Errorf("%q: %v", line, faults)
		case want != "" && (len(faults) != 1 || faults[0].Line != 2 || !strings.Contains(faults[0].Message, want)):
			t.Errorf("%q: %v, want %q", line, faults, want)
		}
	}
}

func TestRedirectMatch(t *testing.T) {
	for _, c := range []struct{ rule, path, query, want string }{
		{"/home /", "/home", "", "/"},
		{"/home /", "/home/", "", "/"},
		{"/home /", "/home/x", "", ""},
		{"/ /en/", "/", "", "/en/"},
		{"/news/* /blog/:splat", "/news/2004/a", "", "/blog/2004/a"},
		{"/news/* /blog/:splat", "/news", "", "/blog/"},
		{"/news/* /blog/:splat", "/new", "", ""},
		{"/* /x", "/any/thing", "", "/x"},
		{"/n/:year/:month /b/:month-:year.html", "/n/2004/02", "", "/b/02-2004.html"},
		{"/n/:year/:month /b/:month", "/n/2004", "", ""},
		{"/s id=:id /b/:id", "/s", "id=7", "/b/7"},
		{"/s id=:id /b/:id", "/s", "", ""},
		{"/s id=7 /b", "/s", "id=8", ""},
		{"/a https://example.org:8080/:x", "/a", "", "https://example.org:8080/:x"},
		{"/a%20b /c", "/a b", "", "/c"},
		{"/a%2A /c", "/a*", "", "/c"},
		{"/a/:x /b/:x", "/a/b c?d", "", "/b/b%20c%3Fd"},
		{"/a /b 301 Country=de", "/a", "", ""},
		{"https://example.org/a /b", "/a", "", ""},
	} {
		list, faults := ParseRedirects([]byte(c.rule))
		if len(list) != 1 {
			t.Fatalf("%q: %v", c.rule, faults)
		}
		query, err := url.ParseQuery(c.query)
		if err != nil {
			t.Fatal(err)
		}
		to, ok := list[0].Match(c.path, query)
		if to != c.want || ok != (c.want != "") {
			t.Errorf("%q for %s?%s: %q, %v; want %q", c.rule, c.path, c.query, to, ok, c.want)
		}
	}
}

// TestDocumented holds the redirections to the examples of Netlify's
// documentation (redirect options, rewrites, the syntax of _redirects) and of
// the tests of its open parser: a file, and where requests lead in it.
func TestDocumented(t *testing.T) {
	for _, c := range []struct {
		name, file string
		requests   map[string]string // path?query: status, !, target; "" where no rule is for it
	}{
		{"simple", "# Redirects from what the browser requests to what we serve\n/home              /\n/blog/my-post.php  /blog/my-post # inline\n/news              /blog\n/cuties            https://www.petsofnetlify.com\n",
			map[string]string{"/home": "301 /", "/blog/my-post.php": "301 /blog/my-post", "/news": "301 /blog", "/cuties": "301 https://www.petsofnetlify.com", "/blog": ""}},
		{"status codes", "/home         /              301\n/my-redirect  /              302\n/pass-through /index.html    200\n/ecommerce    /store-closed  404\n",
			map[string]string{"/home": "301 /", "/my-redirect": "302 /", "/pass-through": "200 /index.html", "/ecommerce": "404 /store-closed"}},
		{"pages for what is missing", "/en/* /en/404.html 404\n/de/* /de/404.html 404\n",
			map[string]string{"/en/x/y": "404 /en/404.html", "/de": "404 /de/404.html", "/fr/x": ""}},
		{"splats", "/news/*  /blog/:splat\n",
			map[string]string{"/news/2004/01/10/my-story": "301 /blog/2004/01/10/my-story"}},
		{"the first rule wins", "/jobs/customer-ninja-rockstar  /careers/support-engineer\n/jobs/*                        /careers/:splat\n/jobs/outdated-job-link        /careers/position-filled\n",
			map[string]string{"/jobs/customer-ninja-rockstar": "301 /careers/support-engineer", "/jobs/baker": "301 /careers/baker", "/jobs/outdated-job-link": "301 /careers/outdated-job-link"}},
		{"placeholders", "/news/:month/:date/:year/:slug  /blog/:year/:month/:date/:slug\n",
			map[string]string{"/news/02/12/2004/my-story": "301 /blog/2004/02/12/my-story", "/news/02/12/2004": ""}},
		{"trailing slashes", "/blog/title-with-a-typo    /blog/typo-free-title\n/blog/other-typo/   /blog/typo-free-title\n",
			map[string]string{"/blog/title-with-a-typo": "301 /blog/typo-free-title", "/blog/title-with-a-typo/": "301 /blog/typo-free-title", "/blog/other-typo": "301 /blog/typo-free-title", "/blog/other-typo/": "301 /blog/typo-free-title"}},
		{"a slash cannot be removed", "/blog/remove-my-slashes/   /blog/remove-my-slashes  301!\n",
			map[string]string{"/blog/remove-my-slashes": "301! /blog/remove-my-slashes"}},
		{"query parameters", "/store id=:id  /blog/:id  301\n",
			map[string]string{"/store?id=my-blog-post": "301 /blog/my-blog-post", "/store": "", "/store?id=a&page=2": ""}},
		{"combinations of parameters", "/path/* param1=:value1 /otherpath/:value1/:splat 301\n/path/* param2=:value2 /otherpath/:value2/:splat 301\n/path/* param1=:value1 param2=:value2 /otherpath/:value1/:value2/:splat 301\n/path/* /otherpath/:splat 301\n",
			map[string]string{"/path/x": "301 /otherpath/x", "/path/x?param1=a": "301 /otherpath/a/x", "/path/x?param2=b": "301 /otherpath/b/x",
				"/path/x?param1=a&param2=b": "301 /otherpath/a/b/x", "/path/x?param2=b&param1=a": "301 /otherpath/a/b/x", "/path/x?other=c": "301 /otherpath/x"}},
		{"parameters in the target", "/donate source=:source email=:email /donate/usa?source=:source&email=:email 302\n/ page=news /news\n/ _escaped_fragment_=/about /about 301\n",
			map[string]string{"/donate?source=x&email=y": "302 /donate/usa?source=x&email=y", "/?page=news": "301 /news", "/?page=other": "", "/?_escaped_fragment_=/about": "301 /about"}},
		{"anchors", "/blog/my-post-ads.php /blog/my-post#ads\n",
			map[string]string{"/blog/my-post-ads.php": "301 /blog/my-post#ads"}},
		{"shadowing", "/app/*  /app/index.html  200!\n/about  /elsewhere\n",
			map[string]string{"/app/x": "200! /app/index.html", "/about": "301 /elsewhere"}},
		{"a single page", "/*    /index.html   200\n",
			map[string]string{"/": "200 /index.html", "/any/thing": "200 /index.html"}},
		{"other hosts", "/api/*  https://api.example.com/:splat  200\n/* https://www.bitballoon.com/:splat 301!\n",
			map[string]string{"/api/a/b": "200 https://api.example.com/a/b", "/x": "301! https://www.bitballoon.com/x"}},
		{"forward rules", "/member/*  200!\n/admin/*  200!  Role=admin\n",
			map[string]string{"/member/x": "200! /member/x", "/admin/x": ""}}, // whether somebody is an admin only the host knows
		{"conditions are the host's", "/  /anz  302  Country=au,nz\n/  /israel  302  Country=il Language=he\n/israel/*  /israel/he/:splat  302  Language=he\n/* /login 302 Cookie=is_new\n/api/*  https://api.example.com/:splat  200!  Signed=API_SECRET\n",
			map[string]string{"/": "", "/israel/x": "", "/api/x": ""}},
		{"rules for a domain", "http://blog.yoursite.com/*   https://www.yoursite.com/blog/:splat   301!\n",
			map[string]string{"/x": ""}},
	} {
		list, faults := ParseRedirects([]byte(c.file))
		if len(faults) > 0 {
			t.Errorf("%s: %v", c.name, faults)
		}
		for request, want := range c.requests {
			u, err := url.Parse(request)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, r := range list {
				if to, ok := r.Match(u.Path, u.Query()); ok {
					got = fmt.Sprintf("%d%s %s", r.Status, map[bool]string{true: "!"}[r.Force], to)
					break
				}
			}
			if got != want {
				t.Errorf("%s: %s: %q, want %q", c.name, request, got, want)
			}
		}
	}
}

func FuzzParseRedirects(f *testing.F) {
	f.Add([]byte("/a /b 301!\n/c/* /d/:splat 200 Country=de\n"), "/c/x")
	f.Add([]byte("/s id=:id /b/:id # x\n"), "/s")
	f.Fuzz(func(t *testing.T, data []byte, path string) {
		list, _ := ParseRedirects(data)
		again, faults := ParseRedirects(FormatRedirects(list))
		if len(faults) > 0 {
			t.Errorf("what was written has faults: %v", faults)
		}
		if d := cmp.Diff(list, again, cmpopts.IgnoreFields(Redirect{}, "Line", "Column"), cmpopts.EquateEmpty()); d != "" {
			t.Error(d)
		}
		for _, r := range list {
			r.Match(path, nil)
		}
	})
}
