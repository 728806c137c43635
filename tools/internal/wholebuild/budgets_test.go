package wholebuild

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"duskpress/tools/internal/sitetest"
)

// Budgets of a post's page with code and a table of contents, in bytes.
const (
	cssBudget      = 6_000 // gzip, all style sheets
	scriptBudget   = 2_000 // gzip, all scripts
	blockingBudget = 400   // as it is, scripts that block rendering
	htmlBudget     = 4_000 // gzip, a note of 3 kB with forty bullets
)

// A load is what a browser has to get for a page, in bytes.
type load struct {
	css, scripts, blocking, html int
	elsewhere                    []string // addresses that are not the site's
}

// loadOf reads a page and what it asks for.
func loadOf(t *testing.T, tree map[string]string, name string) load {
	t.Helper()
	l := load{html: sitetest.Zipped([]byte(tree[name]))}
	get := func(address string) string {
		file := strings.TrimPrefix(address, "/")
		if file == address {
			file = path.Join(path.Dir(name), address)
		}
		data, ok := tree[file]
		if !ok {
			l.elsewhere = append(l.elsewhere, address)
		}
		return data
	}
	z := html.NewTokenizer(strings.NewReader(tree[name]))
	for z.Next() != html.ErrorToken {
		tok := z.Token()
		if tok.Type != html.StartTagToken && tok.Type != html.SelfClosingTagToken {
			continue
		}
		attr := make(map[string]string)
		for _, a := range tok.Attr {
			attr[a.Key] = a.Val
		}
		src, hasSrc := attr["src"]
		_, deferred := attr["defer"]
		_, async := attr["async"]
		switch {
		case tok.Data == "link" && strings.Contains(attr["rel"], "stylesheet"):
			l.css += sitetest.Zipped([]byte(get(attr["href"])))
		case tok.Data == "link" && (attr["rel"] == "icon" || attr["rel"] == "preload" || attr["rel"] == "modulepreload"):
			get(attr["href"])
		case tok.Data == "script" && hasSrc:
			data := get(src)
			l.scripts += sitetest.Zipped([]byte(data))
			if !deferred && !async && attr["type"] != "module" {
				l.blocking += len(data)
			}
		case hasSrc:
			get(src)
		}
	}
	return l
}

func TestBudgets(t *testing.T) {
	sitetest.Tool(t)
	parallel(t)
	site := t.TempDir()
	sitetest.CopyRepoSite(t, site)
	data, err := os.ReadFile(filepath.Join("testdata", "budget.md"))
	if err != nil {
		t.Fatal(err)
	}
	sitetest.Write(t, filepath.Join(site, "content", "posts", "budget.md"), string(data))
	press(t, site, nil)
	tree := published(t, filepath.Join(site, "public"))

	seen := 0
	for name, page := range tree {
		if !strings.HasSuffix(name, ".html") || strings.Contains(page, "http-equiv=refresh") {
			continue
		}
		l := loadOf(t, tree, name)
		if len(l.elsewhere) > 0 {
			t.Errorf("%s asks for what the site does not have: %q", name, l.elsewhere)
		}
		if strings.HasPrefix(name, "search/") {
			continue // its scripts come when a reader searches
		}
		if l.css == 0 || l.scripts == 0 {
			t.Errorf("%s: no style sheet or no script was found: %+v", name, l)
		}
		if l.css > cssBudget || l.scripts > scriptBudget || l.blocking > blockingBudget {
			t.Errorf("%s is over a budget: %+v", name, l)
		}
		if strings.Contains(page, "class=chroma") && strings.Contains(page, "TableOfContents") {
			seen++
		}
		if name == "posts/budget/index.html" {
			t.Logf("%s: %+v", name, l)
			if l.html > htmlBudget {
				t.Errorf("%s has %d bytes gzip, %d are allowed", name, l.html, htmlBudget)
			}
		}
	}
	if seen < 5 || tree["posts/budget/index.html"] == "" {
		t.Errorf("%d pages with code and a table of contents", seen)
	}
}
