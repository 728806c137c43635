package wholebuild

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"duskpress/tools/internal/sitetest"
)

// unsteady are sites for which Hugo's result depends on the order in which its
// workers come to things, or on that of a directory. Thirty more pages keep the
// workers busy. What templates race for, such as resources.Copy to one name from
// two pages, is not here: Hugo's cache decides that where nobody can look.
var unsteady = []struct {
	name  string
	files map[string]string
}{
	{"url", map[string]string{
		"content/a.md": "---\ntitle: A\nurl: /same/\n---\na\n",
		"content/b.md": "---\ntitle: B\nurl: /same/\n---\nb\n",
	}},
	{"slug", map[string]string{
		"content/s/a.md": "---\ntitle: A\nslug: same\n---\na\n",
		"content/s/b.md": "---\ntitle: B\nslug: same\n---\nb\n",
	}},
	{"alias of a page", map[string]string{
		"content/a.md": "---\ntitle: A\naliases: [/b/]\n---\na\n",
		"content/b.md": "---\ntitle: B\n---\nb\n",
	}},
	{"alias twice", map[string]string{
		"content/a.md": "---\ntitle: A\naliases: [/old/]\n---\na\n",
		"content/b.md": "---\ntitle: B\naliases: [/old/]\n---\nb\n",
	}},
	{"file and bundle", map[string]string{
		"content/p.md":       "---\ntitle: A\n---\na\n",
		"content/p/index.md": "---\ntitle: B\n---\nb\n",
	}},
	{"letters", map[string]string{
		"content/Page.md": "---\ntitle: A\n---\na\n",
		"content/page.md": "---\ntitle: B\n---\nb\n",
	}},
	{"branch and leaf", map[string]string{
		"content/s/index.md":  "---\ntitle: A\n---\na\n",
		"content/s/_index.md": "---\ntitle: B\n---\nb\n",
	}},
	{"static and page", map[string]string{
		"content/a.md":        "---\ntitle: A\n---\na\n",
		"static/a/index.html": "static\n",
	}},
	{"tags", map[string]string{
		"content/a.md": "---\ntitle: A\ntags: [Go, Élan, \"C++\", Two Words]\n---\na\n",
		"content/b.md": "---\ntitle: B\ntags: [go, élan, \"c++\", two-words]\n---\nb\n",
		"content/c.md": "---\ntitle: C\ntags: [GO, E\u0301lan, \"C\", two words]\n---\nc\n",
	}},
	{"categories", map[string]string{
		"content/a.md": "---\ntitle: A\ncategories: [Go, Élan, \"C++\", Two Words]\n---\na\n",
		"content/b.md": "---\ntitle: B\ncategories: [go, élan, \"c++\", two-words]\n---\nb\n",
		"content/c.md": "---\ntitle: C\ncategories: [GO, E\u0301lan, \"C\", two words]\n---\nc\n",
	}},
	{"term and section", map[string]string{
		"content/tags/go.md": "---\ntitle: A page\n---\na\n",
		"content/a.md":       "---\ntitle: A\ntags: [go]\n---\na\n",
	}},
	{"ties", map[string]string{
		"content/s/a.md": "---\ntitle: Same\ndate: 2024-01-01\ntags: [x]\n---\na\n",
		"content/t/a.md": "---\ntitle: Same\ndate: 2024-01-01\ntags: [x]\n---\na\n",
		"content/u/a.md": "---\ntitle: Same\ndate: 2024-01-01\ntags: [x]\n---\na\n",
	}},
}

// TestUnsteady builds sites on which Hugo wavers, in both profiles: each is
// refused every time, with the same words, or gives the same bytes every time. In
// the duskpress profile nothing is lost without a word.
func TestUnsteady(t *testing.T) {
	builds := count(4, 10)
	for _, c := range unsteady {
		for _, profile := range []string{"compat", "duskpress"} {
			t.Run(c.name+"/"+profile, func(t *testing.T) {
				parallel(t)
				site := filepath.Join(t.TempDir(), "site")
				config := "baseURL = \"https://unsteady.example.org/\"\ntitle = \"Unsteady\"\n"
				if profile == "duskpress" {
					config += "[params.duskpress]\n"
				}
				list := "<!doctype html><title>{{ .Title }}</title>{{ .Content }}{{ range .Pages }}<a href=\"{{ .RelPermalink }}\">{{ .Title }}</a>{{ end }}\n"
				files := map[string]string{
					"hugo.toml":         config,
					"layouts/list.html": list,
					"layouts/page.html": "<!doctype html><title>{{ .Title }}</title>{{ .Content }}{{ range .GetTerms \"tags\" }}{{ .Title }}{{ end }}{{ range .GetTerms \"categories\" }}{{ .Title }}{{ end }}\n",
				}
				for i := range 30 {
					files[fmt.Sprintf("content/more/p%d.md", i)] = fmt.Sprintf("---\ntitle: More %d\n---\ntext\n", i)
				}
				for _, set := range []map[string]string{files, c.files} {
					for name, data := range set {
						sitetest.Write(t, filepath.Join(site, filepath.FromSlash(name)), data)
					}
				}
				type outcome struct {
					exit int
					said string
					tree map[string]string
				}
				var first outcome
				for i := range builds {
					if err := os.RemoveAll(filepath.Join(site, ".duskpress")); err != nil {
						t.Fatal(err)
					}
					p := start(t, limit, site, []string{fmt.Sprint("GOMAXPROCS=", 1+i%8)}, sitetest.Tool(t), "build", "--format", "github")
					o := outcome{exit: p.wait(t)}
					o.said, o.tree = problems(p.out.String()), published(t, filepath.Join(site, "public"))
					if o.exit != 0 && o.exit != 1 {
						t.Fatalf("exit %d\n%s", o.exit, p.out.String())
					}
					if o.exit == 1 && !strings.Contains(o.said, "::error") {
						t.Fatalf("refused without a reason:\n%s", p.out.String())
					}
					if i == 0 {
						first = o
						t.Logf("exit %d\n%s", o.exit, o.said)
						if profile == "duskpress" && o.exit == 0 {
							nothingLost(t, c.files, o.tree, p.out.String())
						}
						continue
					}
					if o.exit != first.exit {
						t.Fatalf("build %d: exit %d, the first %d\n%s", i, o.exit, first.exit, p.out.String())
					}
					if diff := differ(first.tree, o.tree); diff != "" {
						t.Fatalf("build %d, against the first:\n%s", i, diff)
					}
					if diff := cmp.Diff(first.said, o.said); diff != "" {
						t.Fatalf("build %d says something else (-first +now):\n%s", i, diff)
					}
				}
			})
		}
	}
}

// nothingLost fails unless each content file is published or named in the output.
func nothingLost(t *testing.T, files, tree map[string]string, out string) {
	t.Helper()
	for name, data := range files {
		_, body, ok := strings.Cut(strings.TrimPrefix(data, "---\n"), "---\n")
		if !ok || strings.Contains(out, name) {
			continue
		}
		found := false
		for _, page := range tree {
			found = found || strings.Contains(page, "<p>"+strings.TrimSpace(body)+"</p>")
		}
		if !found {
			t.Errorf("%s is not published, and nothing says so:\n%s", name, out)
		}
	}
}

// problems are the lines of an output that hold problems.
func problems(out string) string {
	var all []string
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "::") {
			all = append(all, line)
		}
	}
	return strings.Join(all, "")
}
