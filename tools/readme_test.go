package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

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

// TestReadmeCommands holds the README's table of commands to those that are
// there, and its words on some of them to their flags.
func TestReadmeCommands(t *testing.T) {
	root := (&cli{stdout: io.Discard, stderr: io.Discard}).root()
	_, commands, _ := strings.Cut(readme(t), "\n## Commands\n")
	commands, _, _ = strings.Cut(commands, "\n## ")
	table, _, _ := strings.Cut(commands, "For every command:")
	rows := make(map[string]bool)
	for _, row := range regexp.MustCompile("(?m)^\\| (`[a-z].*?) \\| ").FindAllStringSubmatch(table, -1) {
		for _, m := range regexp.MustCompile("`([a-z]+)").FindAllStringSubmatch(row[1], -1) {
			rows[m[1]] = true
		}
	}
	for _, cmd := range root.Commands() {
		if name := cmd.Name(); !rows[name] && name != "help" && !cmd.Hidden {
			t.Errorf("the README's table of commands lacks %q", name)
		}
		delete(rows, cmd.Name())
	}
	for name := range rows {
		t.Errorf("the README has a command %q, which is not there", name)
	}
	shared := make(map[string]bool)
	root.PersistentFlags().VisitAll(func(f *pflag.Flag) { shared[f.Name] = true })
	build, _, err := root.Find([]string{"build"})
	if err != nil {
		t.Fatal(err)
	}
	build.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) { shared[f.Name] = true })
	n := 0
	for section, path := range map[string][]string{"new": {"new", "post"}, "import": {"import"}, "init": {"init"}, "stats": {"stats"}} {
		_, text, ok := strings.Cut(commands, "\n### "+section+"\n")
		text, _, _ = strings.Cut(text, "\n### ")
		cmd, _, err := root.Find(path)
		if !ok || err != nil {
			t.Fatalf("no section %q, or no command: %v", section, err)
		}
		cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			n++
			if !strings.Contains(text, "--"+f.Name) && (!shared[f.Name] || section == "new") && f.Name != "help" {
				t.Errorf("the README's section %q lacks --%s: %s", section, f.Name, f.Usage)
			}
		})
	}
	if n < 15 {
		t.Errorf("%d flags", n)
	}
}
