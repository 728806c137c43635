package feeds

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/chroma/v2"

	"duskpress/tools/internal/sitetest"
)

// fence is a block of code; a raw string has no backticks.
func fence(info, code string) string { return "```" + info + "\n" + code + "\n```\n\n" }

// hard are posts that a careless template breaks on.
func hard() map[string]string {
	const goCode = "// said\nfunc f(a string) (int, error) {\n\treturn len(a) + 0x1F, nil // \"q\"\n}"
	front := func(title, date, more, body string) string {
		return fmt.Sprintf("+++\ntitle = %q\ndate = %s\n%s\n+++\n\n%s\n", title, date, more, body)
	}
	return map[string]string{
		"posts/quotes.md":  front(`"Quotes" & </script><b>'tags'</b> \ and ]]> [brackets](x) *stars* _a_`, "2026-10-20", `tags = ["design", "C++"]`, "A <thing> & \"another\" thing."),
		"posts/rtl.md":     front("תורים נכשלים בלילה", "2026-10-19T23:59:59+02:00", `description = "שורה אחת"`+"\n"+`tags = ["עברית"]`, "טקסט."),
		"posts/emoji.md":   front("Deploys 🚀 and 日本語", "2026-10-18", `tags = ["design"]`, "No description here, so that the summary stands in.\n\nMore."),
		"posts/long.md":    front(strings.Repeat("Everything that can be said about retries ", 8)+strings.Repeat("x", 200), "2026-10-17", "", "Text."),
		"posts/place.md":   front("A place of its own", "2026-10-16", `slug = "ein-ort"`+"\n"+`tags = ["design"]`, "Text."),
		"posts/cover.md":   front("A cover", "2026-10-15", `images = ["cards/base.png"]`+"\n"+`author = {name = "A. N. Other", url = "/about/"}`, "Text."),
		"posts/wide.md":    front("A wide cover", "2026-10-14", `cover = {image = "favicon.svg", alt = "The mark"}`+"\n"+`authors = ["One", "Two"]`, "Text."),
		"hidden.md":        "+++\ntitle = \"Hidden\"\nnoindex = true\n+++\n\nNot for search engines.\n",
		"posts/setext.md":  "# Underlined & *marked*\n#### 2026-10-13\n###### design, testing\n\nFirst.\n\nA heading\nof two lines\n===========\n\nText.\n\nSmaller\n-------\n\n> Quoted\n> ------\n\nEnd.\n",
		"posts/plain.md":   "# Deep headings\n#### 2026-10-12\n\nFirst words.\n\n##### Deep\n\n" + fence("markdown", "#### no heading\n[no link](./setext.md)\n[r]: ./setext.md") + "###### Deeper\n\nText.\n",
		"posts/classes.md": front("Every class", "2026-10-11", "", "{{< classes >}}"),
		"posts/code.md": front("Code", "2026-10-10", `tags = ["Go"]`,
			fence("go {linenos=table hl_lines=[\"2-3\"]}", goCode)+fence("go {linenos=inline hl_lines=[2] anchorlinenos=true lineanchors=\"a\"}", goCode)+
				fence("sql", "SELECT 'a' FROM t -- why\nWHERE n > 1.5;")+fence("python", "@d\ndef f(x: int) -> str:\n    \"\"\"doc\"\"\"\n    return f\"{x!r}\"")+
				fence("html", "<a class=\"k\" href=\"/x\">&amp;</a>")+fence("diff", "-old\n+new")+fence("console", "$ ls\nx")+fence("", "plain ` href=\"/no\"` text")),
		"posts/bundle/index.md": front("Links of every kind", "2026-10-09", `tags = ["Go"]`, strings.Join([]string{
			"[to a post](../code.md), [its part](../plain.md#deep), [a ref][r], [root](/posts/code.md), [path](BASE/tags/), [part](#below), [mail](mailto:a@example.org),",
			"[call](tel:+49), [other](xmpp:a@example.org), <https://elsewhere.example/a?b=c&d>, [none](//elsewhere.example/), [query](?q=1), [file](note.txt), [spaced](<./a file.txt>).",
			"A footnote.[^1] And ![a picture](dot.png \"Title\"). Code: `[no](./code.md)`.", "", "[r]: ../code.md 'Title'", "", "[^1]: With a [link](../code.md).", "",
			"{{< toc limit=2 >}}", "", "{{< toc group=\"tag\" limit=1 >}}", "", "{{< set >}}", "", "A {{< mono >}}`tick` [x](y){{< /mono >}} here.", "", "+ item", "", "    {{< mono file=\"note.txt\" lang=\"text\" title=\"a_b\" >}}", "", "## Below", ""}, "\n")),
		"posts/pictures.md":       front("Pictures from elsewhere", "2026-10-08", "", "![beside](beside.png) and ![again](./beside.png 'T')\n\n![assets](/pics/from%20assets.png)\n\n![assets](<pics/from assets.png>)\n\n`![no](beside.png)`"),
		"posts/bundle/note.txt":   "one\n```\ntwo\n",
		"posts/bundle/a file.txt": "x\n",
		"posts/draft.md":          front("A draft", "2026-10-21", "draft = true", "x"),
	}
}

// classes writes a span of each class that Chroma knows.
func classes() string {
	var b strings.Builder
	b.WriteString(`<pre class="chroma"><code class="language-go" data-lang="go">`)
	for _, class := range slices.Sorted(maps.Values(chroma.StandardTypes)) {
		if class != "" && class != "chroma" && !strings.HasPrefix(class, "lntable") && class != "lntd" && class != "lnlinks" {
			fmt.Fprintf(&b, `<span class="%s">%s</span>`, class, class)
		}
	}
	return b.String() + "</code></pre>\n"
}

// hardSite writes the repository's site with the hard posts, for an address.
func hardSite(t *testing.T, dir, base, more string) {
	t.Helper()
	sitetest.CopyRepoSite(t, dir)
	for name, data := range hard() {
		sitetest.Write(t, filepath.Join(dir, "content", filepath.FromSlash(name)), strings.ReplaceAll(data, "BASE", strings.TrimSuffix(base[strings.Index(base, ".org")+4:], "/")))
	}
	dot, err := os.ReadFile(filepath.Join(dir, "theme", "assets", "cards", "base.png"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"content/posts/bundle/dot.png", "content/posts/beside.png", "assets/pics/from assets.png"} {
		sitetest.Write(t, filepath.Join(dir, filepath.FromSlash(name)), string(dot))
	}
	sitetest.Write(t, filepath.Join(dir, "layouts", "_shortcodes", "classes.html"), classes())
	sitetest.Write(t, filepath.Join(dir, "layouts", "_shortcodes", "set.html"),
		`{{ with .Page.Resources.Get "dot.png" }}<img src="dot.png" alt="x" srcset="{{ .RelPermalink }} 400w, dot.png 800w, {{ .Permalink }} 1200w">{{ end }}`)
	config, err := os.ReadFile(filepath.Join(dir, "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	sitetest.Write(t, filepath.Join(dir, "config.toml"), strings.Replace(string(config), `baseURL = "https://duskpress.example/"`, fmt.Sprintf("baseURL = %q\n%s", base, more), 1)+
		// Where addresses are ugly, a file of a bundle is not where its page says.
		"\n[params.duskpress.rules]\nlink = \"warning\"\n")
}

// TestFeeds builds the hard site at several addresses and judges all of it.
func TestFeeds(t *testing.T) {
	dir := t.TempDir() // one for all, so that the cards are drawn once
	for _, c := range []struct{ name, base, config string }{
		{"root", "https://example.org/", ""},
		{"path", "https://example.org/a/blog/", ""},
		{"ugly", "https://example.org/blog/", "uglyURLs = true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, old := range []string{"config", "content", "layouts", "theme"} {
				if err := os.RemoveAll(filepath.Join(dir, old)); err != nil {
					t.Fatal(err)
				}
			}
			hardSite(t, dir, c.base, c.config)
			sitetest.MustBuild(t, dir)
			s := newSite(t, c.base, dir)
			if n := len(s.named("index.xml")) + len(s.named("feed.json")); n < 10 {
				t.Errorf("%d feeds", n)
			}
			if n := len(s.named("*.md")); n < 20 {
				t.Errorf("%d twins", n)
			}
			for _, w := range s.judge() {
				t.Error(w)
			}
			if c.name == "root" {
				details(t, s)
			}
			if c.name == "path" {
				faults(t, s)
			}
		})
	}
}

// details are what the checks, which know no single post, cannot see.
func details(t *testing.T, s *site) {
	twin := func(name string, want ...string) {
		for _, w := range want {
			if !strings.Contains(s.files[name], w) {
				t.Errorf("%s lacks %q:\n%s", name, w, s.files[name])
			}
		}
	}
	twin("posts/setext/index.md", "# Underlined & marked\n"[:3], "\n## A heading of two lines\n\n", "\n### Smaller\n\n", "\n> ### Quoted\n")
	twin("posts/plain/index.md", "\n## Deep\n", "\n### Deeper\n", "\n#### no heading\n[no link](./setext.md)\n[r]: ./setext.md\n")
	twin("posts/bundle/index.md",
		"[to a post](https://example.org/posts/code/)", "[its part](https://example.org/posts/plain/#deep)", "[r]: https://example.org/posts/code/ 'Title'",
		"[part](https://example.org/posts/bundle/#below)", "[spaced](<https://example.org/posts/bundle/a%20file.txt>)", "`[no](./code.md)`",
		"A `` `tick` [x](y) `` here.", "![a picture](https://example.org/posts/bundle/dot.png \"Title\")", "- 2026-10-20 [\"Quotes\"", "\n[design](https://example.org/tags/design/)\n\n- ",
		"    a\\_b:\n", "    ````text\n    one\n    ```\n    two\n    ````\n")
	twin("posts/pictures/index.md", "![beside](https://example.org/posts/beside.png) and ![again](https://example.org/posts/beside.png 'T')\n",
		"![assets](https://example.org/pics/from%20assets.png)\n\n![assets](<https://example.org/pics/from%20assets.png>)\n\n`![no](beside.png)`\n")
	feed := s.files["index.xml"]
	for _, want := range []string{"A. N. Other", "<dc:creator>Two</dc:creator>", "background:#f8ecc6", "xmpp:a@example.org", "https://example.org/posts/bundle/#fn:1"} {
		if !strings.Contains(feed, want) {
			t.Errorf("the feed lacks %q", want)
		}
	}
	if strings.Contains(feed, "org/xmpp:") || strings.Contains(feed, "\ufdd0") {
		t.Error("the feed has an address that was not made whole")
	}
	// A title that the font cannot draw has the card of the site.
	card := func(name string) string { return s.page("posts/" + name + "/index.html").meta["og:image"][0] }
	home := s.page("index.html").meta["og:image"][0]
	for _, name := range []string{"rtl", "emoji"} {
		if card(name) != home {
			t.Errorf("%s has the card %s", name, card(name))
		}
	}
	for _, name := range []string{"quotes", "long", "code"} {
		if card(name) == home {
			t.Errorf("%s has no card of its own", name)
		}
	}
	if got := card("cover"); got != "https://example.org/cards/base.png" {
		t.Errorf("the cover is %s", got)
	}
	if got := card("wide"); got != "https://example.org/favicon.svg" || s.page("posts/wide/index.html").meta["og:image:alt"][0] != "The mark" {
		t.Errorf("the wide cover is %s", got)
	}
	drawn(t, s.files[s.file(card("long"))])
}

// drawn looks for words on a card, and for a margin that none of them crosses.
func drawn(t *testing.T, data string) {
	t.Helper()
	img, err := decode(data)
	if err != nil {
		t.Fatal(err)
	}
	at := func(x, y int) [3]uint32 { r, g, b, _ := img.At(x, y).RGBA(); return [3]uint32{r, g, b} }
	ground := at(2, 2)
	ink, over := 0, 0
	for y := 150; y < 500; y++ {
		for x := range 1200 {
			if at(x, y) != ground {
				ink++
				if x < 70 || x > 1160 {
					over++
				}
			}
		}
	}
	if ink < 5000 || over > 0 {
		t.Errorf("%d dots of ink, %d of them in the margin", ink, over)
	}
}

// faults plants one fault at a time in a good site, which the checks must find.
func faults(t *testing.T, good *site) {
	for _, f := range []struct{ name, file, from, to string }{
		{"feed: no XML", "index.xml", "</channel>", ""},
		{"feed: a date", "index.xml", "<pubDate>", "<pubDate>x"},
		{"feed: relative link", "index.xml", "href=&#34;https://example.org/a/blog/posts/code/", "href=&#34;/a/blog/posts/code/"},
		{"feed: missing file", "index.xml", "src=&#34;https://example.org/a/blog/posts/bundle/dot.png", "src=&#34;https://example.org/a/blog/posts/bundle/dott.png"},
		{"feed: outside", "index.xml", "src=&#34;https://example.org/a/blog/", "src=&#34;https://example.org/"},
		{"feed: srcset", "index.xml", "srcset=&#34;https://example.org", "srcset=&#34;"},
		{"feed: missing part", "index.xml", "/plain/#deep", "/plain/#deeep"},
		{"feed: a class", "index.xml", "&lt;span style=&#34;color:#93244f", "&lt;span class=&#34;k"},
		{"feed: itself", "index.xml", "https://example.org/a/blog/index.xml", "https://example.org/a/blog/feed.json"},
		{"feed: language", "index.xml", "<language>en", "<language>de"},
		{"feed: id", "index.xml", "<guid isPermaLink=\"true\">https://example.org/a/blog/posts/code/", "<guid isPermaLink=\"true\">https://example.org/a/blog/posts/plain/"},
		{"feed: other post", "tags/design/index.xml", "<link>https://example.org/a/blog/posts/quotes/</link><guid isPermaLink=\"true\">https://example.org/a/blog/posts/quotes/", "<link>https://example.org/a/blog/posts/code/</link><guid isPermaLink=\"true\">https://example.org/a/blog/posts/code/"},
		{"json: no JSON", "feed.json", `"version":`, `version:`},
		{"json: more", "feed.json", `"version":`, `"more":1,"version":`},
		{"json: version", "feed.json", "version/1.1", "version/1"},
		{"json: date", "feed.json", `"date_published":"20`, `"date_published":"x20`},
		{"json: relative", "feed.json", `"url":"https://example.org`, `"url":"`},
		{"json: image", "feed.json", `base_hu_`, `base_hv_`},
		{"json: colours", "tags/go/feed.json", `style=\"color:`, `class=\"color:`},
		{"sitemap: no XML", "sitemap.xml", "</urlset>", ""},
		{"sitemap: lost page", "sitemap.xml", "<loc>https://example.org/a/blog/posts/code/</loc>", "<loc>https://example.org/a/blog/posts/plain/</loc>"},
		{"sitemap: hidden page", "sitemap.xml", "/a/blog/posts/code/</loc>", "/a/blog/hidden/</loc>"},
		{"sitemap: relative", "sitemap.xml", "<loc>https://example.org", "<loc>"},
		{"sitemap: lastmod", "sitemap.xml", "<lastmod>2", "<lastmod>x"},
		{"robots: relative", "robots.txt", "https://example.org", ""},
		{"robots: none", "robots.txt", "Sitemap", "Map"},
		{"llms: title", "llms.txt", "# Duskpress", "## Duskpress"},
		{"llms: link", "llms.txt", "posts/code/index.md", "posts/code/inde.md"},
		{"llms: summary", "llms.txt", "> ", ""},
		{"twin: title", "posts/quotes/index.md", `\*stars\*`, "*stars*"},
		{"twin: relative", "posts/bundle/index.md", "(https://example.org/a/blog/posts/code/)", "(../code.md)"},
		{"twin: definition", "posts/bundle/index.md", "[r]: https://example.org/a/blog/posts/code/", "[r]: ../code.md"},
		{"twin: address", "posts/code/index.md", "<https://example.org/a/blog/posts/code/>", ""},
		{"twin: date", "posts/code/index.md", "2026-10-10", ""},
		{"twin: tags", "posts/code/index.md", "[Go](https://example.org/a/blog/tags/go/)", ""},
		{"page: canonical", "posts/code/index.html", "rel=canonical href=https://example.org/a/blog/posts/code/", "rel=canonical href=https://example.org/a/blog/posts/plain/"},
		{"page: 404", "404.html", "<meta name=robots", "<link rel=canonical href=https://example.org/a/blog/404.html><meta name=robots"},
		{"page: title", "posts/code/index.html", `property="og:title" content`, `property="og:titel" content`},
		{"page: url", "posts/code/index.html", `og:url" content="https://example.org/a/blog/posts/code/`, `og:url" content="https://example.org/a/blog/posts/plain/`},
		{"page: locale", "posts/code/index.html", `og:locale" content="en`, `og:locale" content="de`},
		{"page: image size", "posts/code/index.html", `og:image:width" content="1200`, `og:image:width" content="1201`},
		{"page: image", "posts/code/index.html", `og:image" content="https://example.org/a/blog`, `og:image" content="https://example.org/a/blok`},
		{"page: no image", "posts/code/index.html", `"og:image"`, `"og:imago"`},
		{"page: twin", "posts/code/index.html", "type=text/markdown", "type=text/plain"},
		{"page: lost twin", "posts/code/index.html", "code/index.md", "code/indexx.md"},
		{"ld: no JSON", "posts/quotes/index.html", `{"@context"`, `{@context"`},
		{"ld: headline", "posts/code/index.html", `"headline":"Code"`, `"headline":"Cod"`},
		{"ld: script", "posts/quotes/index.html", `\u003c/script\u003e`, `</script>`},
		{"ld: keywords", "posts/code/index.html", `"keywords":["Go"]`, `"keywords":[]`},
		{"ld: way", "posts/code/index.html", `"position":1`, `"position":2`},
		{"ld: site", "index.html", `"WebSite"`, `"Site"`},
	} {
		text, ok := good.files[f.file]
		if !ok || !strings.Contains(text, f.from) {
			t.Errorf("%s: %s has no %q to spoil", f.name, f.file, f.from)
			continue
		}
		bad := &site{base: good.base, files: maps.Clone(good.files)}
		bad.files[f.file] = strings.ReplaceAll(text, f.from, f.to)
		if wrong := bad.judge(); len(wrong) == 0 {
			t.Errorf("%s: nobody noticed", f.name)
		}
	}
}

// TestCards: a second build draws nothing, a body changes no card, a title does;
// and the options say whether there are cards.
func TestCards(t *testing.T) {
	dir := t.TempDir()
	sitetest.CopyRepoSite(t, dir)
	post := filepath.Join(dir, "content", "posts", "one.md")
	sitetest.Write(t, post, "# One\n#### 2026-10-01\n\nText.\n")
	cards := func() map[string]string {
		t.Helper()
		sitetest.MustBuild(t, dir)
		found := make(map[string]string)
		for name, data := range sitetest.Tree(t, filepath.Join(dir, "public")) {
			if path.Dir(name) == "cards" {
				found[name] = data
			}
		}
		return found
	}
	kept := func() map[string]string {
		t.Helper()
		times := make(map[string]string)
		images := filepath.Join(dir, ".duskpress", "cache")
		for name := range sitetest.Tree(t, images) {
			if path.Ext(name) == ".png" {
				info, err := os.Stat(filepath.Join(images, filepath.FromSlash(name)))
				if err != nil {
					t.Fatal(err)
				}
				times[name] = info.ModTime().String()
			}
		}
		return times
	}
	first, drawnFirst := cards(), kept()
	if len(first) < 9 || len(drawnFirst) < len(first) {
		t.Fatalf("%d cards, %d kept", len(first), len(drawnFirst))
	}
	sitetest.Write(t, post, "# One\n#### 2026-10-01\n\nOther text.\n")
	if second := cards(); !maps.Equal(first, second) || !maps.Equal(drawnFirst, kept()) {
		t.Error("another body draws other cards")
	}
	sitetest.Write(t, post, "# Two\n#### 2026-10-01\n\nOther text.\n")
	if third := cards(); maps.Equal(first, third) || len(third) != len(first) {
		t.Error("another title draws no other card")
	}
	config := filepath.Join(dir, "config.toml")
	data, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	option := regexp.MustCompile(`(?m)^  cards = .*$`)
	if !option.Match(data) {
		t.Fatal("the configuration does not name the option cards")
	}
	sitetest.Write(t, config, option.ReplaceAllString(string(data), "  cards = false"))
	if none := cards(); len(none) != 0 {
		t.Errorf("cards = false, and there are %d", len(none))
	}
	s := newSite(t, "https://duskpress.example/", dir)
	for _, w := range s.judge() {
		t.Error(w)
	}
	sitetest.Write(t, config, option.ReplaceAllString(string(data), `  cards = "some"`))
	if out, exit := sitetest.Build(t, dir); exit != 1 || !strings.Contains(out, `cards is "some"; auto, true and false are known`) {
		t.Errorf("exit %d\n%s", exit, out)
	}
	sitetest.Write(t, config, string(data))
	sitetest.Write(t, post, "+++\ntitle = \"Two\"\ndate = 2026-10-01\nimages = [\"none.png\"]\n+++\n\nText.\n")
	if out, exit := sitetest.Build(t, dir); exit != 1 || !strings.Contains(out, `no file "none.png" beside the page`) {
		t.Errorf("exit %d\n%s", exit, out)
	}
}
