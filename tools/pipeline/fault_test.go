package pipeline

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What stands in content is reported there, each for itself; what a template
// writes once, and at the template where one alone can have written it.
func TestCauses(t *testing.T) {
	a, b := &Content{Path: "content/a.md"}, &Content{Path: "content/b.md"}
	const html = "text/html"
	pages := []*File{
		{Path: "a/index.html", MediaType: html, Content: a}, {Path: "b/index.html", MediaType: html, Content: b},
		{Path: "c/index.html", MediaType: html, Content: &Content{Path: "content/c.md"}}, {Path: "index.html", MediaType: html},
	}
	fault := func(cause string, texts ...string) Fault {
		return Fault{Rule: "html", Severity: Warning, Cause: cause, Message: cause + " is wrong", Texts: texts, Needles: []string{"<" + cause}}
	}
	causes := &Causes{
		Find: func(f *File, x Fault) Found {
			switch {
			case f.Content == nil:
				return Found{}
			case x.Cause == "own" && f.Content != pages[2].Content:
				return Found{Content: f.Content, Place: Place{Line: 2, Column: 1}}
			case strings.HasPrefix(x.Cause, "weak") && f.Content == a:
				return Found{Content: a, Place: Place{Line: 3, Column: 1}, Weak: true}
			case x.Cause == "dropped":
				return Found{Drop: true}
			}
			return Found{}
		},
		Template: func(needle string) (TemplatePlace, bool) {
			return TemplatePlace{"layouts/x.html", 7, 8}, needle == "<template"
		},
	}
	for _, f := range slices.Backward(pages) {
		for _, cause := range []string{"own", "template", "dropped", "weak"} {
			causes.Add(f, fault(cause))
		}
	}
	causes.Add(pages[0], fault("weak alone"))
	causes.Add(pages[0], fault("weak alone")) // once a file
	causes.Add(pages[2], fault("single"))
	causes.Add(&File{Path: "c/index.xml", MediaType: "application/rss+xml", Content: pages[2].Content}, fault("feed")) // it is its template's
	causes.Add(pages[0], fault("own", "words"))                                                                        // the first of a cause is kept
	echo := fault("weak echo", "words")
	causes.Add(pages[0], echo)
	causes.Add(pages[3], fault("other", "x"))
	problems := new(Problems)
	causes.Report(problems)
	var got []string
	for _, p := range problems.Sorted() {
		got = append(got, p.Position()+" "+p.Message)
	}
	want := []string{
		"(place unknown) a/index.html and 3 other pages: weak is wrong",
		"(place unknown) c/index.html and another page: own is wrong",
		"(place unknown) c/index.xml: feed is wrong",
		"(place unknown) index.html: dropped is wrong", // there is no content to find it in
		"(place unknown) index.html: other is wrong",
		"content/a.md:2:1 a/index.html: own is wrong",
		"content/a.md:3:1 a/index.html: weak alone is wrong",
		"content/a.md:3:1 a/index.html: weak echo is wrong",
		"content/b.md:2:1 b/index.html: own is wrong",
		"content/c.md c/index.html: single is wrong",
		"layouts/x.html:7:8 a/index.html and 3 other pages: template is wrong",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// A list that shows a post has the post's faults, which are reported there.
func TestCausesEcho(t *testing.T) {
	a := &File{Path: "a/index.html", MediaType: "text/html", Content: &Content{Path: "content/a.md"}}
	home := &File{Path: "index.html"}
	causes := &Causes{Find: func(f *File, _ Fault) Found { return Found{Content: f.Content, Place: Place{Line: 2, Column: 1}} }}
	for _, f := range []*File{a, home} {
		causes.Add(f, Fault{Rule: "image-alt", Cause: "x.png", Message: "x", Texts: []string{"x.png"}})
		causes.Add(f, Fault{Rule: "html", Cause: "div in p", Message: "y", Texts: []string{"<div"}})
	}
	problems := new(Problems)
	causes.Report(problems)
	var got []string
	for _, p := range problems.Sorted() {
		got = append(got, p.Position()+" "+p.Message)
	}
	want := []string{"(place unknown) index.html: y", "content/a.md:2:1 a/index.html: y", "content/a.md:2:1 a/index.html: x"}
	slices.Sort(got)
	slices.Sort(want)
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Of several faults of a cause in one file, each that has a place of its own in
// content is told.
func TestCausesFurther(t *testing.T) {
	a := &Content{Path: "content/a.md"}
	page, other := &File{Path: "a/index.html", MediaType: "text/html", Content: a}, &File{Path: "b/index.html", MediaType: "text/html"}
	for name, tt := range map[string]struct {
		finds []Found // for each fault of the page, in order
		want  []string
	}{
		"each":           {[]Found{{Content: a, Place: Place{1, 1}}, {Content: a, Place: Place{2, 1}}, {Content: a, Place: Place{2, 1}}}, []string{"content/a.md:1:1", "content/a.md:2:1"}},
		"one unknown":    {[]Found{{Content: a, Place: Place{1, 1}}, {}, {Content: a, Place: Place{3, 1}, Weak: true}}, []string{"content/a.md:1:1"}},
		"first unknown":  {[]Found{{}, {Content: a, Place: Place{2, 1}}, {Content: a, Place: Place{3, 1}, Guess: true}}, []string{"content/a.md", "content/a.md:2:1"}},
		"all guessed":    {[]Found{{Content: a, Place: Place{1, 1}, Guess: true}, {Content: a, Place: Place{2, 1}, Guess: true}}, []string{"content/a.md:1:1", "content/a.md:2:1"}},
		"first dropped":  {[]Found{{Drop: true}, {Content: a, Place: Place{2, 1}}}, []string{"content/a.md:2:1"}},
		"all a template": {[]Found{{}, {}, {}}, []string{"content/a.md"}},
	} {
		causes := &Causes{Find: func(_ *File, x Fault) Found { return tt.finds[x.Nth] }}
		for n := range tt.finds {
			causes.Add(page, Fault{Rule: "html", Cause: "x", Message: "x", Nth: n, More: n / 2})
		}
		problems := new(Problems)
		causes.Report(problems)
		var got []string
		for _, p := range problems.Sorted() {
			got = append(got, p.Position())
			if more := strings.Contains(p.Message, "1 more, which are not told"); more != (p.Position() == "content/a.md:3:1") {
				t.Errorf("%s: %s", name, p.Message)
			}
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	causes := &Causes{Find: func(*File, Fault) Found { return Found{} }}
	for range 3 {
		causes.Add(page, Fault{Rule: "html", Cause: "x", Message: "x"})
		causes.Add(other, Fault{Rule: "html", Cause: "x", Message: "x"})
	}
	problems := new(Problems)
	causes.Report(problems)
	if list := problems.Sorted(); len(list) != 1 {
		t.Errorf("a template's fault is told %d times", len(list))
	}
}
