package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"duskpress/tools/pipeline"
)

func readme(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestReadmeRules holds the README's table of rules to the rules that are there.
func TestReadmeRules(t *testing.T) {
	rules := pipeline.Default.Rules()
	var rows []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| (error|warning) \\|").FindAllStringSubmatch(readme(t), -1) {
		rows = append(rows, m[1])
		if _, ok := rules[m[1]]; !ok {
			t.Errorf("the README has a rule %q, which is not there", m[1])
		}
	}
	if !slices.IsSorted(rows) || len(slices.Compact(slices.Clone(rows))) != len(rows) {
		t.Errorf("the rows are not sorted, or one is there twice: %q", rows)
	}
	for rule := range rules {
		if !slices.Contains(rows, rule) {
			t.Errorf("the README's table lacks %q: %s", rule, rules[rule])
		}
	}
}

// TestReadmeOptions holds the README's table of the theme's options to the
// defaults in theme/layouts/_partials/options.html.
func TestReadmeOptions(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "theme", "layouts", "_partials", "options.html"))
	if err != nil {
		t.Fatal(err)
	}
	rows := make(map[string]string)
	_, table, _ := strings.Cut(readme(t), "### Options of the theme")
	table, _, _ = strings.Cut(table, "### ")
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z.]+)` \\| `([^`]*)` \\|").FindAllStringSubmatch(table, -1) {
		rows[m[1]] = m[2]
	}
	defaults := regexp.MustCompile(`(?s)\$defaults := dict(.*?)-\}\}`).FindStringSubmatch(string(data))
	if defaults == nil {
		t.Fatal("no defaults in options.html")
	}
	seen := make(map[string]bool)
	check := func(key, value string) {
		seen[key] = true
		if rows[key] != value {
			t.Errorf("%s is %s by default, and the README has %q", key, value, rows[key])
		}
	}
	pair := regexp.MustCompile(`"([a-z]+)" ("[^"]*"|\d+|true|false)`)
	for _, m := range regexp.MustCompile(`"([a-z]+)" (?:\(dict ([^)]*)\)|("[^"]*"|\d+|true|false))`).FindAllStringSubmatch(defaults[1], -1) {
		if m[3] != "" {
			check(m[1], m[3])
			continue
		}
		for _, p := range pair.FindAllStringSubmatch(m[2], -1) {
			check(m[1]+"."+p[1], p[2])
		}
	}
	if len(seen) < 10 {
		t.Errorf("%d options", len(seen))
	}
	for key := range rows {
		if !seen[key] {
			t.Errorf("the README has an option %s, which is not there", key)
		}
	}
}
