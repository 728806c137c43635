package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"duskpress/tools/pipeline"
)

func TestCaret(t *testing.T) {
	tests := []struct {
		line   string
		column int
		want   string
	}{
		{"abc", 1, ""},
		{"abc", 3, "  "},
		{"\tabc", 3, "\t "},
		{"日本 x", 4, "     "},
		{"e\u0301x", 3, " "}, // a combining accent takes no place
		{"🚀 x", 3, "   "},
		{"ab", 9, "  "},
	}
	for _, tt := range tests {
		if got := Indent(tt.line, tt.column); got != tt.want {
			t.Errorf("Indent(%q, %d) = %q, want %q", tt.line, tt.column, got, tt.want)
		}
	}
}

func TestFormats(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.md"), []byte("one\n\ttwo x\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	list := []pipeline.Problem{
		{File: "a.md", Line: 2, Column: 6, Severity: pipeline.Error, Rule: "toc", Message: "50% wrong, a:b", Hint: "mend it"},
		{Severity: pipeline.Warning, Rule: "hugo-warning", Message: "somewhere"},
	}
	for format, want := range map[Format]string{
		Text: "a.md:2:6: error: 50% wrong, a:b [toc]\n    \ttwo x\n    \t    ^\n  hint: mend it\n" +
			"(place unknown): warning: somewhere [hugo-warning]\n",
		JSON: `{"file":"a.md","line":2,"col":6,"severity":"error","rule":"toc","message":"50% wrong, a:b","hint":"mend it"}` + "\n" +
			`{"file":"","line":0,"col":0,"severity":"warning","rule":"hugo-warning","message":"somewhere"}` + "\n",
		GitHub: "::error file=a.md,line=2,col=6,title=toc::50%25 wrong, a:b%0Ahint: mend it\n" +
			"::warning title=hugo-warning::somewhere\n",
	} {
		var b strings.Builder
		if err := (Printer{Out: &b, Format: format, Source: dir}).Problems(list); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, b.String()); d != "" {
			t.Errorf("%s: %s", format, d)
		}
	}
}

// Of what one content adapter makes, only some is told to a reader.
func TestLeftOut(t *testing.T) {
	for _, n := range []int{mostPages, mostPages + 2} {
		list := []LeftOut{{File: "content/a.md", Reason: "draft"}}
		for range n {
			list = append(list, LeftOut{File: "content/b/_content.gotmpl", Line: 3, Page: "/b/x", Language: "de", Reason: "draft"})
		}
		list = append(list, LeftOut{File: "content/c.md", Reason: "draft"})
		want := fmt.Sprintf("left out, %d:\n  content/a.md (draft)\n", n+2) + strings.Repeat("  content/b/_content.gotmpl:3: /b/x in de (draft)\n", mostPages)
		if n > mostPages {
			want += "  content/b/_content.gotmpl: 2 pages more; --format json names all\n"
		}
		want += "  content/c.md (draft)\nbuild: , exit=0\n"
		var b strings.Builder
		Printer{Out: &b, Format: Text}.Summary(Summary{Command: "build", LeftOut: list})
		if d := cmp.Diff(want, b.String()); d != "" {
			t.Error(d)
		}
		b.Reset()
		Printer{Out: &b, Format: JSON}.Summary(Summary{Command: "build", LeftOut: list})
		if got := strings.Count(b.String(), `"page":"/b/x"`); got != n {
			t.Errorf("JSON has %d of %d", got, n)
		}
	}
}
