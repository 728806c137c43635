package hugo

import (
	"os"
	"path/filepath"
	"testing"

	"duskpress/tools/pipeline"
)

// TestWrongGo has what the go command says of a module that wants a newer Go.
func TestWrongGo(t *testing.T) {
	p := classify(pipeline.Problem{Rule: "hugo", Message: "failed to load modules: go: module github.com/x/y@v1.0.0 requires go >= 1.99 (running go 1.26.4; GOTOOLCHAIN=local)"})
	if want := "a module of the site wants Go 1.99, and this is 1.26.4"; p.Rule != "go-version" || p.Message != want {
		t.Errorf("[%s] %s, want %s", p.Rule, p.Message, want)
	}
}

// TestUnreadable has what Hugo says of a template that it may not read; whoever
// runs tests as root can read all.
func TestUnreadable(t *testing.T) {
	for _, message := range []string{"open theme/layouts/page.html: permission denied", "walk: Readdir: open theme/layouts/page.html: permission denied"} {
		p := classify(pipeline.Problem{Rule: "hugo", Message: message})
		if p.Rule != "source" || p.File != "theme/layouts/page.html" || p.Message != "cannot be read: permission denied" {
			t.Errorf("%s: %+v", message, p)
		}
	}
	p := classify(pipeline.Problem{Rule: "hugo", File: "a.css", Message: "open b.css: permission denied"})
	if p.Rule != "hugo" || p.File != "a.css" {
		t.Errorf("a place that is known is lost: %+v", p)
	}
}

func TestRuneColumn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.html")
	if err := os.WriteFile(file, []byte("<p>\n日本é {{ .Nope }}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ line, bytes, want int }{{1, 0, 1}, {2, 9 + 3, 8}, {2, 99, 100}, {9, 3, 4}} {
		if got := runeColumn(file, c.line, c.bytes); got != c.want {
			t.Errorf("line %d, byte %d: column %d, want %d", c.line, c.bytes, got, c.want)
		}
	}
	if got := runeColumn(file+"x", 1, 4); got != 5 {
		t.Errorf("no such file: column %d, want 5", got)
	}
}
