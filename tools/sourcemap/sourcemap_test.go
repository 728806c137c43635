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
		for _, places := range [][]Place{m.Link(s), m.Image(s), m.Heading(s), m.Text(s)} {
			for _, p := range places {
				if p.Line < 1 || p.Column < 1 {
					t.Fatalf("%v", p)
				}
			}
		}
	})
}
