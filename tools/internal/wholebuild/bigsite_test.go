package wholebuild

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"duskpress/tools/internal/sitetest"
)

// TestManyErrors builds 300 posts with a page template that fails at each: after
// ten failing pages Hugo 0.165 stops its renderers, and blocks for ever if its
// walker has a page in hand that none of them takes. The tool has to end, to say
// where it was, and to leave the old site as it is.
func TestManyErrors(t *testing.T) {
	site := filepath.Join(t.TempDir(), "site")
	sitetest.Write(t, filepath.Join(site, "hugo.toml"), "baseURL = \"https://big.example.org/\"\ntitle = \"Big\"\n")
	for i := range 300 {
		sitetest.Write(t, filepath.Join(site, "content", "posts", fmt.Sprintf("p%d.md", i)), fmt.Sprintf("---\ntitle: Post %d\ndate: 2024-01-01\ntags: [a, b]\n---\n# Heading\n\ntext %d\n", i, i))
	}
	sitetest.Write(t, filepath.Join(site, "layouts", "list.html"), "<!doctype html><title>{{ .Title }}</title>{{ .Content }}\n")
	template := filepath.Join(site, "layouts", "page.html")
	sitetest.Write(t, template, "<!doctype html>\n<title>{{ .Title }}</title>\n{{ .Content }}\n")
	press(t, site, nil)
	old := published(t, filepath.Join(site, "public"))

	// One fails on every page, one from the eleventh on, and errorf fails without
	// a place that Hugo would know.
	for _, fault := range []struct{ name, page, place string }{
		{"every", "<!doctype html>\n<title>{{ .Title }}</title>\n  {{ .Nope }}\n", `(?m)^layouts/page\.html:3:6: error: `},
		{"most", "<!doctype html>\n<title>{{ .Title }}</title>\n{{ if gt (len .Title) 6 }}{{ .Nope }}{{ end }}\n", `(?m)^layouts/page\.html:3:30: error: `},
		{"errorf", "<!doctype html>\n<title>{{ .Title }}</title>\n{{ errorf \"%s is bad\" .Path }}\n", `/posts/p1 is bad`},
	} {
		for _, procs := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s/%d", fault.name, procs), func(t *testing.T) {
				sitetest.Write(t, template, fault.page)
				b := start(t, limit, site, []string{fmt.Sprint("GOMAXPROCS=", procs)}, sitetest.Tool(t), "build")
				code := b.wait(t)
				out := b.out.String()
				t.Logf("exit %d in %v, %d errors", code, b.took.Round(time.Millisecond), strings.Count(out, ": error: "))
				if code != 1 {
					t.Errorf("exit %d, want 1\n%s", code, tail(out, 3000))
				}
				if !regexp.MustCompile(fault.place).MatchString(out) {
					t.Errorf("nothing in the output matches %s:\n%s", fault.place, tail(out, 3000))
				}
				if diff := differ(old, published(t, filepath.Join(site, "public"))); diff != "" {
					t.Errorf("public/ changed:\n%s", diff)
				}
			})
		}
	}
	sitetest.Write(t, template, "<!doctype html>\n<title>{{ .Title }}</title>\n{{ .Content }}\n")
	press(t, site, nil)
	if diff := differ(old, published(t, filepath.Join(site, "public"))); diff != "" {
		t.Errorf("after the mending:\n%s", diff)
	}
}
