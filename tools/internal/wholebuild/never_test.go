package wholebuild

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"duskpress/tools/internal/sitetest"
)

// TestThemeNever: the theme shows a page that has no address, build.render =
// "never", as a text where it lists pages, and leaves it out where only a link
// makes sense. Its twin has the same pages, published.
func TestThemeNever(t *testing.T) {
	parallel(t)
	for _, hidden := range []bool{true, false} {
		dir := t.TempDir()
		sitetest.CopyRepoSite(t, dir)
		writeNever(t, dir, hidden)
		out := press(t, dir, nil).out.String()
		if strings.Contains(out, "warning: ") {
			t.Errorf("hidden %v:\n%s", hidden, out)
		}
		tree := sitetest.Tree(t, filepath.Join(dir, "public"))
		has := func(want bool, text string, files ...string) {
			t.Helper()
			for _, name := range files {
				if _, ok := tree[name]; !ok {
					t.Errorf("hidden %v: there is no %s", hidden, name)
				}
				if strings.Contains(tree[name], text) != want {
					t.Errorf("hidden %v: in %s, %q is there: %v", hidden, name, text, !want)
				}
			}
		}
		lists := []string{"index.html", "posts/index.html", "archive/index.html", "toc/index.html"}
		has(hidden, "<span class=title>Bee</span>", lists...)
		has(!hidden, "<a class=title href=/posts/b/>Bee</a>", lists...)
		has(hidden, "<span class=title>Cee</span>", lists...)
		has(hidden, "<h3>Bee</h3>", "index.html")
		has(hidden, "<li><span aria-hidden=true>#</span>Quiet", "index.html", "posts/a/index.html")
		has(!hidden, "href=/tags/quiet/", "index.html", "posts/a/index.html", "tags/index.html", "toc/index.html")
		has(hidden, "<li>Unseen", "index.html", "posts/a/index.html")
		has(!hidden, "href=/unseen/", "index.html")
		// The neighbours are those that a reader can visit.
		has(hidden, "<a rel=prev href=/posts/a/>", "posts/d/index.html")
		has(hidden, "<a rel=next href=/posts/d/>", "posts/a/index.html")
		has(!hidden, "<a rel=prev href=/posts/c/>", "posts/d/index.html")
		// What machines read are links alone.
		has(!hidden, "Bee", "index.xml", "feed.json", "llms.txt", "tags/go/index.xml")
		has(true, "Aye", "index.xml", "feed.json", "llms.txt", "tags/go/index.xml")
		has(!hidden, "/posts/b/", "sitemap.xml")
		has(hidden, "\n- 2026-01-02 Bee\n", "archive/index.md")
		has(hidden, "), Quiet\n", "posts/a/index.md")
		for name, data := range tree {
			if strings.HasSuffix(name, ".html") {
				for _, tag := range withoutAddress(t, data) {
					t.Errorf("hidden %v: in %s there is %s", hidden, name, tag)
				}
			}
			for _, empty := range []string{`"url":""`, `"item":""`, `"id":""`, "<link></link>", "<loc></loc>", `href=""`, "]()"} {
				if strings.Contains(data, empty) {
					t.Errorf("hidden %v: in %s there is %s", hidden, name, empty)
				}
			}
		}
	}
}

// writeNever adds pages of which some have no address if that is asked: posts one
// after the other, the page of a tag, a page that a menu names, a translation.
func writeNever(t *testing.T, dir string, hidden bool) {
	page := func(name, head string, hide bool) {
		if hide && hidden {
			head += "\n[build]\nrender = \"never\""
		}
		sitetest.Write(t, filepath.Join(dir, "content", name), "+++\n"+head+"\n+++\nA text of some words.\n")
	}
	page("posts/a.md", "title = \"Aye\"\ndate = 2026-01-01\ndescription = \"D\"\ntags = [\"Go\", \"Quiet\"]", false)
	page("posts/b.md", "title = \"Bee\"\ndate = 2026-01-02\ndescription = \"D\"\ntags = [\"Go\", \"Quiet\"]\nseries = [\"Parts\"]", true)
	page("posts/c.md", "title = \"Cee\"\ndate = 2026-01-03\ndescription = \"D\"\ntags = [\"Go\"]", true)
	page("posts/d.md", "title = \"Dee\"\ndate = 2026-01-04\ndescription = \"D\"\ntags = [\"Go\", \"Quiet\"]\nseries = [\"Parts\"]", false)
	page("tags/quiet/_index.md", "title = \"Quiet\"", true)
	page("unseen.md", "title = \"Unseen\"\ndescription = \"D\"\n[menus.main]\nweight = 99", true)
	sitetest.Write(t, filepath.Join(dir, "content/toc.md"), "+++\ntitle = \"Table\"\ndescription = \"D\"\n+++\n{{< toc >}}\n\n{{< toc group=\"tag\" >}}\n")
}

// withoutAddress are the links of a page that lead nowhere.
func withoutAddress(t *testing.T, data string) (list []string) {
	for z := html.NewTokenizer(strings.NewReader(data)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return list
		case html.StartTagToken, html.SelfClosingTagToken:
			tag := z.Token()
			if tag.Data != "a" && tag.Data != "link" {
				continue
			}
			at := slices.IndexFunc(tag.Attr, func(a html.Attribute) bool { return a.Key == "href" })
			if at < 0 || tag.Attr[at].Val == "" {
				list = append(list, tag.String())
			}
		}
	}
}
