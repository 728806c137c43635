package wholebuild

import (
	"encoding/json"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"duskpress/tools/internal/sitetest"
)

// TestPlugins compiles the plugins that the README and the guide show, step by
// step, and wants the output that they show.
func TestPlugins(t *testing.T) {
	parallel(t)
	root := sitetest.Root(t)
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, steps, _ := strings.Cut(string(readme), "\n### An example, step by step\n")
	steps, _, _ = strings.Cut(steps, "\n## ")
	m := regexp.MustCompile("(?s)Write `(tools/plugins/[a-z]+\\.go)`:\n\n```go\n(.*?)```").FindStringSubmatch(steps)
	shown := regexp.MustCompile("(?s)```console\n\\$ go run ./tools (plugins|build)\n(.*?)```").FindAllStringSubmatch(steps, -1)
	configs := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(steps, -1)
	if m == nil || len(shown) != 2 || len(configs) != 2 {
		t.Fatalf("the README's steps are not understood:\n%s", steps)
	}

	// The file is not written into the repository: the compiler is told to see it there.
	dir := t.TempDir()
	source, tool, site := filepath.Join(dir, "plugin.go"), filepath.Join(dir, "duskpress"), filepath.Join(dir, "site")
	sitetest.Write(t, source, m[2])
	replace := map[string]string{filepath.Join(root, filepath.FromSlash(m[1])): source}
	guide := readGuide(t, "plugin-makers")
	for name, text := range guide.sources() {
		file := filepath.Join(dir, "guide", filepath.Base(name))
		sitetest.Write(t, file, text)
		replace[filepath.Join(root, filepath.FromSlash(name))] = file
		if formatted, err := format.Source([]byte(text)); err != nil || string(formatted) != text {
			t.Errorf("the guide's %s is not as gofmt has it: %v", name, err)
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	sitetest.Write(t, filepath.Join(dir, "overlay.json"), string(overlay))
	cmd := exec.CommandContext(t.Context(), "go", "build", "-overlay", filepath.Join(dir, "overlay.json"), "-o", tool, "./tools")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}

	sitetest.CopyRepoSite(t, site)
	sitetest.Write(t, filepath.Join(site, "content", "posts", "stray.md"), "+++\ntitle = \"Stray\"\ndate = 2026-11-03\ndescription = \"It has no tags.\"\n+++\n\nThe queue stopped at nine.\n")
	figures := regexp.MustCompile(`(?m)^\d+ pages, .*`) // of another machine, and before the next sample
	for _, s := range shown {
		out, exit := sitetest.Run(t, site, tool, s[1], "--clock", "2026-11-22T00:00:00Z")
		if exit != 0 {
			t.Errorf("%s: exit %d\n%s", s[1], exit, out)
		}
		for line := range strings.Lines(figures.ReplaceAllString(s[2], "…")) {
			if line != "…\n" && !strings.Contains(out, line) {
				t.Errorf("the README shows a line that %s does not print: %s%s", s[1], line, out)
			}
		}
	}

	config, err := os.ReadFile(filepath.Join(site, "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	sitetest.Write(t, filepath.Join(site, "config.toml"), string(config)+configs[0][1])
	if out, exit := sitetest.Run(t, site, tool, "build"); exit != 0 || strings.Contains(out, "no tags") {
		t.Errorf("for another section: exit %d\n%s", exit, out)
	}
	sitetest.Write(t, filepath.Join(site, "config.toml"), string(config)+configs[1][1])
	if out, exit := sitetest.Run(t, site, tool, "build"); exit != 1 || !strings.Contains(out, "error: the post has no tags [untagged]") {
		t.Errorf("as an error: exit %d\n%s", exit, out)
	}
	guide.follow(t, tool)
}
