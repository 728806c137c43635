package browser

import (
	_ "embed"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"duskpress/tools/internal/sitetest"
)

var (
	//go:embed testdata/prose.md
	prosePost string
	//go:embed testdata/prose.js
	proseScript string
)

const proseed = "/posts/prose/"

func read(t testing.TB, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// hebrewSite is the repository's own site, read from the right to the left.
func hebrewSite(t *testing.T, dir string) {
	t.Helper()
	sitetest.CopyRepoSite(t, dir)
	config := strings.Replace(read(t, filepath.Join(dir, "config.toml")), `defaultContentLanguage = "en"`, `defaultContentLanguage = "he"`, 1)
	sitetest.Write(t, filepath.Join(dir, "config.toml"), config+"\n[languages.he]\n  locale = \"he\"\n  direction = \"rtl\"\n")
}

func TestProse(t *testing.T) {
	b := Start(t)
	dir := t.TempDir()
	sitetest.CopyRepoSite(t, dir)
	sitetest.Write(t, filepath.Join(dir, "content", "posts", "prose.md"), prosePost)
	// From the right to the left, code from the left to the right.
	hebrew := t.TempDir()
	hebrewSite(t, hebrew)
	sitetest.Write(t, filepath.Join(hebrew, "content", "posts", "prose.md"), prosePost)
	sitetest.MustBuild(t, dir)
	sitetest.MustBuild(t, hebrew)
	public := filepath.Join(dir, "public")
	if html := read(t, filepath.Join(public, "posts", "prose", "index.html")); strings.Contains(html, " style=") {
		t.Error("an inline style, which a policy may forbid")
	}

	for direction, address := range map[string]string{"ltr": serveStrict(t, public, false), "rtl": serveStrict(t, filepath.Join(hebrew, "public"), false)} {
		for _, v := range views {
			t.Run(direction+"-"+v.String(), func(t *testing.T) {
				tab := b.Open(t, v)
				tab.Visit(address + proseed)
				if got := Eval[string](tab, "document.dir"); got != direction {
					t.Fatalf("the page goes %q", got)
				}
				_, wrong := lookAtPage(tab)
				for _, w := range append(wrong, Eval[[]string](tab, proseScript)...) {
					t.Error(w)
				}
			})
		}
	}

	t.Run("print", func(t *testing.T) {
		tab := b.Open(t, View{700, true})
		tab.Visit(serveStrict(t, public, false) + proseed)
		prefer(tab, true, "print")
		got := Eval[[]string](tab, `(() => {
			const style = (selector, name) => getComputedStyle(document.querySelector(selector))[name];
			return [style(".sidenote small", "display"), style(".sidenote small", "float"), style(".sidenote > i", "display"), style(".tools", "display"), style("pre code", "whiteSpace"), style("body", "color")];
		})()`)
		if d := cmp.Diff([]string{"inline", "none", "inline", "none", "pre-wrap", "rgb(35, 36, 43)"}, got); d != "" {
			t.Errorf("on paper (-want +got):\n%s", d)
		}
		if text := Eval[string](tab, `document.querySelector(".sidenote").parentElement.innerText`); !strings.HasPrefix(text, "A sentence with a remark. (It says more, with code and a link, and is") {
			t.Errorf("on paper a sidenote reads %q", text)
		}
	})

	t.Run("faults", func(t *testing.T) {
		plain := Serve(t, public)
		for _, f := range []struct {
			width      int
			rule, want string
		}{
			{320, ".prose ul ul ul { margin-inline-start: -4em !important }", "is not further in"},
			{320, ".prose ul ul ul { list-style-type: '–' !important }", "the marker of"},
			{320, ".prose ul ul { border: 0 !important }", "no guide line"},
			{320, ".prose li .highlight { margin-inline-start: 1em !important }", "does not begin at the text"},
			{320, ".prose li > .highlight:first-child { margin-block-start: 0 !important }", "px below the text of five"},
			{320, ".table { overflow: visible !important }", "a table"},
			{320, ".math { overflow: visible !important }", "the formula"},
			{320, ".footnote-backref { display: inline !important; font-size: 8px }", "px wide"},
			{320, ".sidenote small { float: right !important; width: 12rem; margin-right: -13rem }", "a sidenote"},
			{320, ".sidenote small { display: block; float: none !important }", "parts its sentence"},
			{320, ".prose li::after { content: none !important }", "hangs out"},
			{1440, ".sidenote small { margin-inline-end: 0 !important }", "a sidenote"},
			{1440, ".sidenote small { width: 18rem !important; margin-inline-end: -20rem !important }", "a sidenote"},
			{1440, ".sidenote::before { content: 'x' !important }", "marks"},
			{320, ".goat svg { display: none }", "the drawing"},
		} {
			tab := b.Open(t, View{f.width, false})
			tab.Visit(plain + proseed)
			addStyle(tab, f.rule)
			if wrong := strings.Join(Eval[[]string](tab, proseScript), "\n"); !strings.Contains(wrong, f.want) {
				t.Errorf("at %d px with %s: want a complaint with %q, got %q", f.width, f.rule, f.want, wrong)
			}
		}
	})
}
