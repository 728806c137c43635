package highlight

import (
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/chroma/v2/lexers"
)

func TestEveryLexerHasAKey(t *testing.T) {
	for _, lexer := range lexers.GlobalLexerRegistry.Lexers {
		name := lexer.Config().Name
		k := key(lexer, name)
		if strings.Contains(k, " ") || lexers.Get(k) != lexer {
			t.Errorf("%q: %q does not find it", name, k)
		}
	}
}

func TestKnown(t *testing.T) {
	for lang, want := range map[string]bool{
		"go": true, "Go": true, "golang": true, "Common Lisp": true, "main.go": true, "Makefile": true, "c++": true, "text": true,
		"": false, " ": false, "blub": false, "goo": false,
	} {
		for range 2 { // the second answer is the cached one
			if got := Known(lang); got != want {
				t.Errorf("Known(%q) = %v", lang, got)
			}
		}
	}
}

func TestLanguages(t *testing.T) {
	all := Languages()
	if !slices.IsSorted(all) || len(all) < 300 || !slices.Contains(all, "common lisp") {
		t.Errorf("%d languages, sorted %v", len(all), slices.IsSorted(all))
	}
	for _, lang := range all {
		if !Known(lang) {
			t.Errorf("%q is listed but not known", lang)
		}
	}
	all[0] = "changed"
	if Languages()[0] == "changed" {
		t.Error("the list can be changed from outside")
	}
}
