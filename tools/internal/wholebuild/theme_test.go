package wholebuild

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"
	"golang.org/x/net/html"

	"duskpress/tools/internal/sitetest"
)

// TestThemeWithHugo builds the repository's site with Hugo's own command: no
// warning, and every page that the press makes but for what plugins add.
func TestThemeWithHugo(t *testing.T) {
	hugo := sitetest.Hugo(t)
	parallel(t)
	site, plain := t.TempDir(), t.TempDir()
	sitetest.CopyRepoSite(t, site)
	p := run(t, 0, site, nil, hugo, "-d", plain, "--panicOnWarning", "--printPathWarnings", "--logLevel", "info")
	if out := p.out.String(); regexp.MustCompile(`(?i)\bwarn|deprecat|error`).MatchString(out) {
		t.Errorf("hugo says:\n%s", out)
	}
	press(t, site, nil)
	ours, theirs := sitetest.Tree(t, filepath.Join(site, "public")), sitetest.Tree(t, plain)
	for name := range ours {
		switch {
		// Plugins: search, headers, slugs of tags, titles from headings on cards.
		case strings.HasPrefix(name, "search/"), strings.HasPrefix(name, "cards/"), name == "_headers", name == "_redirects", strings.HasPrefix(name, "tags/cpp/"):
		case theirs[name] == "":
			t.Errorf("hugo alone does not make %s", name)
		}
	}
	if len(theirs) < 30 {
		t.Errorf("hugo alone made %v", names(theirs))
	}
}

// themeFiles reads the templates and scripts that may hold text.
func themeFiles(t *testing.T) map[string]string {
	t.Helper()
	files := make(map[string]string)
	for _, dir := range []string{"theme/layouts", "layouts"} {
		for name, data := range sitetest.Tree(t, filepath.Join(sitetest.Root(t), dir)) {
			files[dir+"/"+name] = data
		}
	}
	return files
}

// phrases reads the texts of a language.
func phrases(t *testing.T, lang string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(sitetest.Root(t), "theme", "i18n", lang+".toml"))
	if err != nil {
		t.Fatal(err)
	}
	texts := make(map[string]any)
	if err := toml.Unmarshal(data, &texts); err != nil {
		t.Fatalf("%s: %v", lang, err)
	}
	return texts
}

var languages = []string{"en", "de", "he"}

// TestPhrases: every language has every text, each with the same fields in it;
// templates ask for none that is not there; and none is there that no template
// asks for.
func TestPhrases(t *testing.T) {
	en := phrases(t, "en")
	fields := regexp.MustCompile(`\{\{[^}]*\}\}`)
	in := func(text any) []string {
		f := fields.FindAllString(fmt.Sprint(text), -1)
		slices.Sort(f)
		return slices.Compact(f)
	}
	for _, lang := range languages {
		texts := phrases(t, lang)
		for key, text := range texts {
			if _, ok := en[key]; !ok {
				t.Errorf("%s has %q, English has not", lang, key)
			} else if diff := cmp.Diff(in(en[key]), in(text)); diff != "" {
				t.Errorf("%s, %q has other fields:\n%s", lang, key, diff)
			}
			if lang != "en" && fmt.Sprint(text) == fmt.Sprint(en[key]) && key != "archive" && key != "feed" {
				t.Errorf("%s, %q is not translated: %v", lang, key, text)
			}
		}
		for key := range en {
			if _, ok := texts[key]; !ok {
				t.Errorf("%s lacks %q", lang, key)
			}
		}
	}
	asked := make(map[string]bool)
	call := regexp.MustCompile(`\bT (?:"([a-z_]+)"|\(printf "([a-z]+_)%s")`)
	for name, data := range themeFiles(t) {
		for _, m := range call.FindAllStringSubmatch(data, -1) {
			if m[2] != "" {
				for key := range en {
					asked[key] = asked[key] || strings.HasPrefix(key, m[2])
				}
				continue
			}
			asked[m[1]] = true
			if _, ok := en[m[1]]; !ok {
				t.Errorf("%s asks for the text %q, which is not there", name, m[1])
			}
		}
		// Text that stands in a template itself: letters between two tags.
		clean := regexp.MustCompile(`(?s)\{\{-?\s*/\*.*?\*/\s*-?\}\}|\{\{.*?\}\}`).ReplaceAllString(data, "")
		if strings.HasSuffix(name, ".html") {
			z := html.NewTokenizer(strings.NewReader(clean))
			for z.Next() != html.ErrorToken {
				// What stands in noscript is text for this parser.
				if tok := z.Token(); tok.Type == html.TextToken && regexp.MustCompile(`\pL`).MatchString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(tok.Data, "")) {
					t.Errorf("%s holds text of its own: %q", name, strings.TrimSpace(tok.Data))
				}
			}
		}
	}
	for key := range en {
		if !asked[key] {
			t.Errorf("no template asks for %q", key)
		}
	}
}

// heard is what a reader of a page sees or hears: its text, and the attributes
// that stand for text.
func heard(t *testing.T, page string) (text []string, root map[string]string) {
	t.Helper()
	root = make(map[string]string)
	z := html.NewTokenizer(strings.NewReader(page))
	hidden := false
	for z.Next() != html.ErrorToken {
		tok := z.Token()
		switch tok.Type {
		case html.StartTagToken, html.EndTagToken:
			if tok.Data == "script" || tok.Data == "style" {
				hidden = tok.Type == html.StartTagToken
			}
			for _, a := range tok.Attr {
				if tok.Data == "html" {
					root[a.Key] = a.Val
				}
				if a.Key == "aria-label" || a.Key == "title" || a.Key == "alt" || a.Key == "placeholder" || strings.HasPrefix(a.Key, "data-") {
					text = append(text, a.Val)
				}
			}
		case html.TextToken:
			if s := strings.TrimSpace(tok.Data); s != "" && !hidden {
				text = append(text, s)
			}
		}
	}
	return text, root
}

// TestTwoLanguages builds a site in English and in Hebrew: language and
// direction are right, no English of the theme's stands on a Hebrew page, and
// each page leads to its translation.
func TestTwoLanguages(t *testing.T) {
	sitetest.Tool(t)
	parallel(t)
	site := t.TempDir()
	for _, dir := range []string{"theme", "layouts"} {
		if err := os.CopyFS(filepath.Join(site, dir), os.DirFS(filepath.Join(sitetest.Root(t), dir))); err != nil {
			t.Fatal(err)
		}
	}
	sitetest.Unpack(t, filepath.Join("testdata", "languages.txtar"), site)
	press(t, site, nil)
	tree := published(t, filepath.Join(site, "public"))

	texts := phrases(t, "en")
	pages := 0
	for name, data := range tree {
		if !strings.HasSuffix(name, ".html") || strings.Contains(data, `http-equiv=refresh`) {
			continue
		}
		pages++
		text, root := heard(t, data)
		hebrew := strings.HasPrefix(name, "he/")
		want := map[string]string{"lang": "en-GB", "dir": "ltr"}
		if hebrew {
			want = map[string]string{"lang": "he-IL", "dir": "rtl"}
		}
		if diff := cmp.Diff(want, root); diff != "" {
			t.Errorf("%s: the root element (-want +got):\n%s", name, diff)
		}
		other := "/notes/he/"
		if hebrew {
			other = "/notes/"
		}
		if !strings.HasSuffix(name, "404.html") && !strings.Contains(data, other+strings.TrimSuffix(strings.TrimPrefix(name, "he/"), "index.html")) {
			t.Errorf("%s does not lead to its translation", name)
		}
		if !hebrew {
			continue
		}
		for key, english := range texts {
			s, ok := english.(string)
			if ok && !strings.Contains(s, "{{") && slices.Contains(text, s) {
				t.Errorf("%s says %q (%s)", name, s, key)
			}
		}
		for _, s := range text {
			if strings.Contains(s, "minute") || strings.Contains(s, "posts") || strings.Contains(s, "Part ") {
				t.Errorf("%s says %q", name, s)
			}
		}
	}
	// home, two posts, section, tags, a tag, series, a series, archive, a year, 404; in two languages
	if pages < 22 {
		t.Errorf("%d pages: %v", pages, names(tree))
	}
}
