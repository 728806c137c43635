package sourcemap

import (
	"slices"
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
		for _, places := range [][]Place{m.Tag("b", s), m.Child("b", s), m.Twice("b", s), m.Link(s), m.Image(s), m.Heading(s), m.Text(s), m.Value(s)} {
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
		want           []Place
	}{
		{"a", "A link and", []Place{{3, 33}}},
		{"a", "A link", []Place{{3, 15}}},
		{"a", "", []Place{{3, 15}, {3, 33}}},
		{"a", "other words", nil},
		{"b", "", nil}, // not the beginning of another name
	} {
		if got := m.Tag(tt.element, tt.words); !slices.Equal(got, tt.want) {
			t.Errorf("<%s> behind %q: %v", tt.element, tt.words, got)
		}
	}
	places := []Place{{3, 15}, {3, 33}, {9, 1}}
	if got := m.Behind("A link and", places); !slices.Equal(got, places[1:2]) {
		t.Errorf("behind: %v", got)
	}
	if got := m.Behind("nothing like it", places); got != nil {
		t.Errorf("behind: %v", got)
	}
	twice := New([]byte("Text <b class=a>\n<b class=\"a b\" id=x class='c'> `<b class=a class=b>`\n<b class=a data-class=b><b class class>\n"), 1)
	if got, want := twice.Twice("b", "class"), []Place{{2, 1}, {3, 25}}; !slices.Equal(got, want) {
		t.Errorf("twice: %v", got)
	}
	if got, want := New([]byte("<b><i>x</i></b> `<b><i>` <b> <i>\n"), 1).Child("i", "b"), []Place{{1, 4}, {1, 30}}; !slices.Equal(got, want) {
		t.Errorf("child: %v", got)
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
