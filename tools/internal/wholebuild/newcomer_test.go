package wholebuild

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"duskpress/tools/internal/sitetest"
)

// TestNewcomer publishes notes of one's own as the README says, with the
// README's own words: the samples go, and nothing else refers to them.
func TestNewcomer(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(sitetest.Root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, steps, _ := strings.Cut(string(readme), "To publish notes of your own:")
	steps, _, _ = strings.Cut(steps, "\n## ")
	m := regexp.MustCompile("(?s)say `(content/posts/[a-z.]+)`:\n\n   ```markdown\n(.*?)   ```").FindStringSubmatch(steps)
	last := regexp.MustCompile("The last line says `([^`]+)`").FindStringSubmatch(steps)
	if m == nil || last == nil {
		t.Fatalf("the README's steps are not understood:\n%s", steps)
	}
	post := strings.ReplaceAll(m[2], "\n   ", "\n")
	post = strings.TrimPrefix(post, "   ")

	dir := t.TempDir()
	sitetest.CopyRepoSite(t, dir)
	config, err := os.ReadFile(filepath.Join(dir, "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"baseURL", "title", "  description"} {
		line := regexp.MustCompile("(?m)^" + key + ` = ".*"$`)
		value := "What I saw"
		if key == "baseURL" {
			value = "https://notes.example.com/"
		}
		if n := len(line.FindAll(config, -1)); n != 1 {
			t.Fatalf("config.toml has %d lines for %s", n, key)
		}
		config = line.ReplaceAll(config, []byte(key+` = "`+value+`"`))
	}
	sitetest.Write(t, filepath.Join(dir, "config.toml"), string(config))
	for _, name := range []string{"posts", "guides"} {
		if !strings.Contains(steps, "`content/"+name+"/`") {
			t.Errorf("the README does not say what to do with content/%s", name)
		}
		if err := os.RemoveAll(filepath.Join(dir, "content", name)); err != nil {
			t.Fatal(err)
		}
	}
	sitetest.Write(t, filepath.Join(dir, filepath.FromSlash(m[1])), post)

	out := sitetest.MustBuild(t, dir)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if got := lines[len(lines)-1]; got != last[1] {
		t.Errorf("the last line is %q, the README says %q", got, last[1])
	}
	if strings.Contains(out, "warning") {
		t.Errorf("warnings:\n%s", out)
	}
	tree := published(t, filepath.Join(dir, "public"))
	title, _, _ := strings.Cut(strings.TrimPrefix(post, "# "), "\n")
	for _, name := range []string{"index.html", "posts/first/index.html", "tags/outages/index.html", "index.xml"} {
		if !strings.Contains(tree[name], title) {
			t.Errorf("%s lacks %q", name, title)
		}
	}
	for name, data := range tree {
		if strings.Contains(data, "duskpress.example") {
			t.Errorf("%s has the address of the sample site", name)
		}
	}
}
