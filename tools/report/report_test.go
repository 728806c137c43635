package report

import (
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
