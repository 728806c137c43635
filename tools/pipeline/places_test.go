package pipeline

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

func TestAt(t *testing.T) {
	file := strings.Join([]string{
		"+++", "title = 'x'", "+++", // 1-3
		"",                          // 4
		"One {{< a >}} two [x](y).", // 5
		"",                          // 6
		"same",                      // 7
		"",                          // 8
		"{{< b >}}",                 // 9
		"same",                      // 10
		"inner *text*",              // 11
		"{{< /b >}}",                // 12
		"",                          // 13
		"same",                      // 14
		"\u00e9\u00e9 {{% c %}} [l](m) {{< d >}} end", // 15
		"<!--more-->", // 16
		"- a",         // 17
		"  - b",       // 18
	}, "\r\n")
	src := strings.Join([]string{
		"",
		"One XPLACEHOLDERX two [x](y).",
		"",
		"same",
		"",
		"XPLACEHOLDERX",
		"",
		"same",
		"\u00e9\u00e9 **from a shortcode**",
		"second line of it [l](m) XPLACEHOLDERX end",
		"XDIVIDERX",
		"- a",
		"  - b",
	}, "\n")
	tests := []struct {
		find   string
		nth    int
		want   Place
		within string
	}{
		{"One", 1, Place{5, 1}, ""},
		{"[x]", 1, Place{5, 19}, ""},
		{"same", 1, Place{7, 1}, ""},
		{"same", 2, Place{14, 1}, ""},
		{"[l]", 1, Place{15, 14}, ""},
		{"end", 1, Place{15, 31}, ""},
		{"- a", 1, Place{17, 1}, ""},
		{"- b", 1, Place{18, 3}, ""},
		// A part of the file alone, such as what stands inside a shortcode.
		{"text", 1, Place{11, 8}, "same\ninner *text*\n"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.find, tt.nth), func(t *testing.T) {
			c := &Content{BodyLine: 4}
			c.WithReader(func() ([]byte, error) { return []byte(file), nil })
			d := &Document{Content: c}
			text := []byte(src)
			if tt.within != "" {
				text = []byte(tt.within)
			}
			off := -1
			for range tt.nth {
				off += 1 + bytes.Index(text[off+1:], []byte(tt.find))
			}
			if got := d.At(text, off); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

func FuzzAt(f *testing.F) {
	f.Add("a\nb {{< x >}} c\nd", "a\nb X c\nd", 3)
	f.Add("", "\n\n", 9)
	f.Add("\u00e9\n", "\u00e8\n", 1)
	f.Fuzz(func(t *testing.T, file, src string, offset int) {
		c := &Content{BodyLine: 1}
		c.WithReader(func() ([]byte, error) { return []byte(file), nil })
		at := (&Document{Content: c}).At([]byte(src), offset)
		lines := splitLines([]byte(strings.TrimPrefix(file, "\ufeff")))
		if at.Line < 1 || at.Line > len(lines) || at.Column < 1 || at.Column > 1+len(lines[at.Line-1]) {
			t.Fatalf("%v is outside of %q", at, file)
		}
		// What is the same is where it is.
		if n := len(src); file == src && offset >= 0 && offset < n && !strings.ContainsAny(file, "\r") && !strings.HasPrefix(file, "\ufeff") {
			if want := 1 + strings.Count(src[:offset], "\n"); at.Line != want {
				t.Fatalf("line %d, want %d", at.Line, want)
			}
		}
	})
}
