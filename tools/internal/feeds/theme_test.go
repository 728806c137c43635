package feeds

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/chroma/v2"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"

	"duskpress/tools/internal/sitetest"
)

func template(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(sitetest.Root(t), "theme", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestGlyphs: the font of images.Text has every character that card.html says it
// has, and what a writer of Latin, Greek or Cyrillic uses is among them.
func TestGlyphs(t *testing.T) {
	m := regexp.MustCompile("\\$known := `(.*)`").FindStringSubmatch(template(t, "layouts/_partials/card.html"))
	if m == nil {
		t.Fatal("card.html does not say which characters it knows")
	}
	known := regexp.MustCompile(m[1])
	font, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	var buffer sfnt.Buffer
	has := func(r rune) bool {
		g, err := font.GlyphIndex(&buffer, r)
		return err == nil && g != 0
	}
	n := 0
	for r := rune(0); r <= 0x10ffff; r++ {
		if r >= 0xd800 && r < 0xe000 || !known.MatchString(string(r)) {
			continue
		}
		if n++; !has(r) {
			t.Errorf("the font has no %q (%U)", r, r)
		}
	}
	if n < 500 {
		t.Errorf("%d characters are known", n)
	}
	for _, r := range "Ünïcødé łęźćň – “quoted” … λόγος, ёлка → ≤ ∞ €№" {
		if !known.MatchString(string(r)) {
			t.Errorf("%q is not known", r)
		}
	}
	for _, r := range "שلا日한🚀\u0301\u00ad\t" {
		if known.MatchString(string(r)) {
			t.Errorf("%q is known", r)
		}
	}
}

// TestCodeColours: code in feeds has the light colours of the style sheet, class
// by class, and every class of Chroma's is dealt with.
func TestCodeColours(t *testing.T) {
	light := make(map[string]string) // of a token
	for _, m := range regexp.MustCompile(`(--[a-z-]+): light-dark\((#[0-9a-f]{6}),`).FindAllStringSubmatch(template(t, "assets/css/tokens.css"), -1) {
		light[m[1]] = m[2]
	}
	light["--code-comment"] = light["--muted"]
	want := make(map[string]string) // of a class
	for _, m := range regexp.MustCompile(`(?m)^(\.[a-z0-9]+(?:, \.[a-z0-9]+)*) \{[^}]*\bcolor: var\((--[a-z-]+)\)`).FindAllStringSubmatch(template(t, "assets/css/code.css"), -1) {
		for class := range strings.SplitSeq(m[1], ", ") {
			want[strings.TrimPrefix(class, ".")] = light[m[2]]
		}
	}
	source := template(t, "layouts/_partials/code-colours.html")
	have := make(map[string]string)
	for _, m := range regexp.MustCompile(`(?m)^  "([a-z0-9 ]+)" "(?:color:(#[0-9a-f]{6}))?`).FindAllStringSubmatch(source, -1) {
		for class := range strings.FieldsSeq(m[1]) {
			have[class] = m[2]
		}
	}
	for _, m := range regexp.MustCompile("<span class=\"([a-z]+)\"` `<span(?: style=\"color:(#[0-9a-f]{6}))?").FindAllStringSubmatch(source, -1) {
		have[m[1]] = m[2]
	}
	if len(want) < 40 || len(have) < 40 {
		t.Fatalf("%d classes in the style sheet, %d in feeds", len(want), len(have))
	}
	for class, colour := range want {
		if have[class] != colour || colour == "" {
			t.Errorf("%s: %q in feeds, %q in the style sheet", class, have[class], colour)
		}
	}
	for class, colour := range have {
		if colour != "" && want[class] == "" {
			t.Errorf("%s has the colour %s in feeds alone", class, colour)
		}
	}
	for _, m := range regexp.MustCompile(`split "([a-z ]+)" " "`).FindAllStringSubmatch(source, -1) {
		for class := range strings.FieldsSeq(m[1]) {
			have[class] = ""
		}
	}
	for _, class := range chroma.StandardTypes {
		if _, ok := have[class]; !ok && class != "" && !strings.Contains(source, fmt.Sprintf(" class=%q`", class)) && !strings.Contains(source, fmt.Sprintf(" class=%q` `", class)) {
			t.Errorf("nothing is said of the class %q", class)
		}
	}
	// The other colours: of the ground, the text and a marked line, and of a card.
	tokens := template(t, "assets/css/tokens.css")
	for _, name := range []string{"code-colours", "card"} {
		for _, colour := range regexp.MustCompile(`#[0-9a-f]{6}`).FindAllString(template(t, "layouts/_partials/"+name+".html"), -1) {
			if !strings.Contains(tokens, colour) {
				t.Errorf("%s.html has the colour %s, tokens.css has not", name, colour)
			}
		}
	}
}

// TestTwoLanguages builds a site in English and Hebrew: each language has its own
// feeds, sitemap and llms.txt, and its pages name those of the other.
func TestTwoLanguages(t *testing.T) {
	dir := t.TempDir()
	sitetest.CopyRepoSite(t, dir)
	if err := os.RemoveAll(filepath.Join(dir, "content")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"_index.md": "Home", "_index.he.md": "בית", "posts/_index.md": "Notes", "posts/_index.he.md": "רשימות",
		"archive/_index.md": "Archive", "archive/_index.he.md": "ארכיון",
		"posts/both.md": "Both", "posts/both.he.md": "שתיים", "posts/english.md": "English alone", "posts/hebrew.he.md": "לבד",
	} {
		more := ""
		switch {
		case strings.HasPrefix(name, "archive/"):
			more = "layout = \"archive\"\noutputs = [\"html\", \"markdown\"]\n"
		case !strings.Contains(name, "_index"):
			more = fmt.Sprintf("date = 2026-01-0%d\ntags = [\"Go\"]\n", 1+len(text)%9)
		}
		link := ""
		if strings.Contains(name, "both") {
			link = "A [link](./" + strings.Replace("english.md", "english", map[bool]string{true: "hebrew.he", false: "english"}[strings.Contains(name, ".he.")], 1) + ")."
		}
		sitetest.Write(t, filepath.Join(dir, "content", filepath.FromSlash(name)), fmt.Sprintf("+++\ntitle = %q\n%s+++\n\n%s %s\n", text, more, text, link))
	}
	config := filepath.Join(dir, "config.toml")
	data, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	text := regexp.MustCompile(`(?m)^locale = .*$`).ReplaceAllString(string(data), "")
	text = regexp.MustCompile(`(?s)\[\[menus\.main\]\].*?\n\n`).ReplaceAllString(text, "\n")
	text += "\n[languages.en]\n  locale = \"en\"\n  label = \"English\"\n  weight = 1\n[languages.he]\n  locale = \"he-IL\"\n  label = \"עברית\"\n  direction = \"rtl\"\n  weight = 2\n"
	sitetest.Write(t, config, text)
	sitetest.MustBuild(t, dir, "-b", "https://example.org/notes/")
	s := newSite(t, "https://example.org/notes/", dir)
	for _, w := range s.judge() {
		t.Error(w)
	}
	for _, name := range []string{"index.xml", "feed.json", "llms.txt", "he/index.xml", "he/feed.json", "he/llms.txt", "he/tags/go/feed.json", "he/posts/both/index.md", "en/sitemap.xml", "he/sitemap.xml", "sitemap.xml", "robots.txt"} {
		if s.files[name] == "" {
			t.Errorf("there is no %s", name)
		}
	}
	if feed := s.files["he/index.xml"]; !strings.Contains(feed, "לבד") || strings.Contains(feed, "English alone") || !strings.Contains(feed, "<language>he-IL") {
		t.Error("the Hebrew feed has the wrong posts")
	}
	p := s.page("he/posts/both/index.html")
	if got := p.meta["og:locale:alternate"]; !slices.Equal(got, []string{"en"}) || !slices.Equal(p.meta["og:locale"], []string{"he_IL"}) {
		t.Errorf("locales %q, %q", p.meta["og:locale"], got)
	}
	var langs []string
	for _, l := range p.links {
		if l.lang != "" {
			langs = append(langs, l.lang)
		}
	}
	if !slices.Equal(langs, []string{"en", "he-IL"}) {
		t.Errorf("the page is in %q", langs)
	}
	// A link that is not returned.
	bad := &site{base: s.base, files: map[string]string{}}
	for name, text := range s.files {
		if path.Base(name) == "index.html" && strings.HasPrefix(name, "he/") {
			text = strings.ReplaceAll(text, "hreflang=en", "hreflang=fr")
		}
		bad.files[name] = text
	}
	if len(bad.judge()) == 0 {
		t.Error("nobody noticed translations that do not link back")
	}
}
