package sourcemap

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const file = `+++
title = "/a/"
+++

See ` + "`[code](/a/)`" + `, [é](/a/), [ref][r] and https://example.org/x.

` + "```" + `
[code](/b/) /b/
` + "```" + `

## A *heading*

![p](pic%20ture.png "t") and {{< figure src="/b/" >}} <a href="/c/?x=1&amp;y=2">c</a> /b/more /b

[r]: /ref/
`

func TestMap(t *testing.T) {
	m := New([]byte(file), 4)
	for _, tt := range []struct {
		name string
		got  []Place
		want []Place
	}{
		{"a link, not the code before it", m.Link("/a/"), []Place{{5, 24}}},
		{"a reference", m.Link("/ref/"), []Place{{5, 30}}},
		{"a bare address", m.Link("https://example.org/x"), []Place{{5, 43}}},
		{"in a shortcode, not in a fence", m.Link("/b/"), []Place{{13, 46}}},
		{"in raw HTML", m.Link("/c/?x=1&y=2"), []Place{{13, 64}}},
		{"a picture", m.Image("pic%20ture.png"), []Place{{13, 6}}},
		{"a heading", m.Heading("A heading"), []Place{{11, 1}}},
		{"nothing", m.Link("/nowhere/"), nil},
	} {
		if d := cmp.Diff(tt.want, tt.got); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
	}
	if got := m.First(); got != (Place{4, 1}) {
		t.Errorf("first: %v", got)
	}
}

func FuzzMap(f *testing.F) {
	f.Add(file, 4, "/a/")
	f.Add("[a](b\n![c](d)", 1, "b")
	f.Add("# x\r\n\r\n`a`", 9, "")
	f.Fuzz(func(t *testing.T, src string, line int, s string) {
		m := New([]byte(src), line)
		m.Has(src, s)
		if p, ok := m.Tag("b", s); ok && (p.Line < 1 || p.Column < 1) {
			t.Fatalf("%v", p)
		}
		for _, places := range [][]Place{m.Link(s), m.Image(s), m.Heading(s), m.Text(s), m.Value(s)} {
			for _, p := range places {
				if p.Line < 1 || p.Column < 1 {
					t.Fatalf("%v", p)
				}
			}
		}
	})
}

func TestTagsAndValues(t *testing.T) {
	const src = "# T\n\nA [link](/x/) <a href=\"/y/\">and <a href=\"/z/\">b</a></a> `<a>`\n\n<img src=/p.png> ![p](/p.png) ZgotmplZ &lt;no value>, told *about* here\n"
	m := New([]byte(src), 1)
	for _, tt := range []struct {
		element, words string
		want           Place
		ok             bool
	}{
		{"a", "A link and", Place{3, 33}, true},
		{"a", "A link", Place{3, 15}, true},
		{"a", "", Place{3, 15}, true},
		{"a", "other words", Place{}, false},
		{"b", "", Place{}, false}, // not the beginning of another name
	} {
		if got, ok := m.Tag(tt.element, tt.words); got != tt.want || ok != tt.ok {
			t.Errorf("<%s> behind %q: %v, %v", tt.element, tt.words, got, ok)
		}
	}
	if got := m.Value("/p.png"); len(got) != 1 || got[0] != (Place{5, 10}) {
		t.Errorf("value: %v", got)
	}
	for text, want := range map[string]bool{
		"<no value>, told about": true, "link and b": false, "<no value> elsewhere, and not here": false, "<no value>": false,
	} {
		if got := m.Has(text, "<no value>"); got != want {
			t.Errorf("has %q: %v", text, got)
		}
	}
}
