package faultstorm

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"duskpress/tools/internal/sitetest"
)

// entries is how many the list of silent failures has.
const entries = 25

// TestList holds the faults to the list: each entry has one, or the test that it
// has elsewhere. So has each rule of the README.
func TestList(t *testing.T) {
	planted := make(map[int]int)
	names := make(map[string]bool)
	rules := make(map[string]bool)
	for i, f := range faults {
		planted[f.entry]++
		if names[f.name] {
			t.Errorf("two faults have the name %q", f.name)
		}
		names[f.name] = true
		for _, theme := range []bool{false, true} {
			if !goes(f, nil, theme) {
				continue
			}
			s := newSite(uint64(i), theme)
			if !s.sow(f) {
				t.Errorf("%s: it changes what is not there", f.name)
			}
			if len(s.wants) == 0 && hasGit {
				t.Errorf("%s: nothing is expected of it", f.name)
			}
			err := false
			for _, w := range s.wants {
				rules[w.rule] = true
				err = err || w.severity == "error"
			}
			if err != f.err {
				t.Errorf("%s: it expects an error: %v, and says %v", f.name, err, f.err)
			}
		}
	}
	for n := 1; n <= entries; n++ {
		if planted[n] == 0 && elsewhere[n] == "" {
			t.Errorf("entry %d of the list has no fault, and no reason for that", n)
		}
	}
	for n := range planted {
		if n < 1 || n > entries {
			t.Errorf("entry %d is none", n)
		}
	}
	readme, err := os.ReadFile(filepath.Join(sitetest.Root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(readme), "### Rules")
	table, _, _ = strings.Cut(table, "\n## ")
	rows := regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| (?:error|warning) ").FindAllStringSubmatch(table, -1)
	if len(rows) < 50 {
		t.Fatalf("the README has %d rules", len(rows))
	}
	for _, row := range rows {
		if !rules[row[1]] && rulesElsewhere[row[1]] == "" {
			t.Errorf("the rule %s has no fault here, and no test elsewhere", row[1])
		}
	}
	t.Logf("%d faults", len(faults))
}

// rulesElsewhere are rules that are not planted here, and their tests.
var rulesElsewhere = map[string]string{
	"cache":         "script cache.txtar: --verify-cache",
	"external-link": "script external.txtar: it asks other hosts",
	"go-version":    "it needs a module that wants another Go: hugo TestWrongGo",
	"minify-text":   "no text is known that the minifier changes: plugins minify_test.go",
	"panic":         "a plugin that panics: script panics.txtar",
	"search":        "a page without title and text: script search.txtar",
	"source":        "files that change or cannot be read: wholebuild TestUnsteady",
}
