package browser

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"duskpress/tools/internal/sitetest"
)

//go:embed testdata/queries.txt
var queries string

// found is what the search page shows.
type found struct {
	Links   []string `json:"links"`
	Marks   []string `json:"marks"`
	Status  string   `json:"status"`
	Address string   `json:"address"`
}

const foundScript = `(() => {
  const box = document.getElementById("search-index");
  return {
    links: [...box.querySelectorAll("ol a")].map((a) => a.getAttribute("href").slice(location.origin.length)),
    marks: [...box.querySelectorAll("ol mark")].map((m) => m.textContent),
    status: box.querySelector("[role=status]").textContent,
    address: location.pathname + location.search,
  };
})()`

// enter puts a question into the field, and waits for the answer.
func enter(tab *Tab, question string) found {
	tab.t.Helper()
	q, _ := json.Marshal(question)
	Eval[any](tab, fmt.Sprintf(`(() => {
  const input = document.getElementById("q");
  document.getElementById("search-index").dataset.answered = "\0";
  input.value = %s;
  input.dispatchEvent(new Event("input", {bubbles: true}));
})()`, q))
	return answered(tab, question)
}

func answered(tab *Tab, question string) found {
	tab.t.Helper()
	q, _ := json.Marshal(strings.TrimSpace(question))
	until(tab, fmt.Sprintf(`document.getElementById("search-index")?.dataset.answered === %s`, q))
	return Eval[found](tab, foundScript)
}

func TestSearch(t *testing.T) {
	b := Start(t)
	dir := t.TempDir()
	sitetest.CopyRepoSite(t, dir)
	writeCorpus(t, dir)
	const longTitle = "Notes from a discussion with a wise colleague, after an outage, on the zyzzyva"
	sitetest.Write(t, filepath.Join(dir, "content", "posts", "zyzzyva.md"), "# "+longTitle+"\n#### 2026-01-05\n\n+ A beetle\n    + without a full stop\n+ Another one\n")
	sitetest.MustBuild(t, dir)
	public := filepath.Join(dir, "public")
	address := Serve(t, public)

	t.Run("queries", func(t *testing.T) { testQueries(t, b, public, address) })

	t.Run("keyboard", func(t *testing.T) {
		tab := b.Open(t, View{320, false})
		focused := func() string {
			return Eval[string](tab, `((e) => e.id || e.className || e.tagName + " " + [...document.querySelectorAll("ol a")].indexOf(e))(document.activeElement)`)
		}
		press := func(key string, options ...chromedp.KeyOption) {
			t.Helper()
			do(tab, chromedp.KeyEvent(key, options...))
		}
		for _, key := range []struct {
			key     string
			options []chromedp.KeyOption
		}{{"/", nil}, {"k", []chromedp.KeyOption{chromedp.KeyModifiers(chromedp.ModifierCtrl)}}, {"k", []chromedp.KeyOption{chromedp.KeyModifiers(chromedp.ModifierMeta)}}} {
			for _, page := range []string{"/about/", "/", "/posts/flame-graphs-measured/"} {
				tab.Visit(address + page)
				press(key.key, key.options...)
				until(tab, `location.pathname === "/search/" && document.activeElement?.id === "q"`)
			}
		}
		// In a field, / is a letter, and Ctrl-K takes what is there for another question.
		do(tab, chromedp.SendKeys("#q", "a/b"))
		if got := Eval[string](tab, `document.getElementById("q").value`); got != "a/b" {
			t.Errorf("typed a/b, the field has %q", got)
		}
		press("k", chromedp.KeyModifiers(chromedp.ModifierCtrl))
		do(tab, chromedp.SendKeys("#q", "flame"))
		got := answered(tab, "flame")
		if len(got.Links) < 5 || got.Status != fmt.Sprintf("Results: %d", len(got.Links)) || got.Address != "/search/?q=flame" {
			t.Errorf("typed flame: %+v", got)
		}
		down, up := "\u0301", "\u0304"
		var path []string
		for _, key := range []string{down, down, up, up, up, down} {
			press(key)
			path = append(path, focused())
		}
		if d := cmp.Diff([]string{"A 0", "A 1", "A 0", "q", "q", "A 0"}, path); d != "" {
			t.Errorf("the arrow keys lead to (-want +got):\n%s", d)
		}
		if outline := Eval[string](tab, "getComputedStyle(document.activeElement).outlineStyle"); outline != "solid" {
			t.Errorf("the focus on a result is not seen: %s", outline)
		}
		press("\u001b")
		if got := answered(tab, ""); len(got.Links) > 0 || got.Status != "" || got.Address != "/search/" || focused() != "q" {
			t.Errorf("after Escape: %+v, focus on %s", got, focused())
		}
		// A result is followed as any link is, and back leads to the same results.
		enter(tab, "flame graphs measuring")
		press(down)
		press("\r")
		until(tab, `location.pathname === "/posts/flame-graphs-measured/"`)
		goBack(tab)
		if got := answered(tab, "flame graphs measuring"); len(got.Links) == 0 || !strings.HasPrefix(got.Links[0], "/posts/flame-graphs-measured/") {
			t.Errorf("back again: %+v", got)
		}
		for _, c := range tab.Complaints() {
			t.Error(c)
		}
	})

	t.Run("address", func(t *testing.T) {
		tab := b.Open(t, View{1440, true})
		tab.Visit(address + "/search/?q=" + url.QueryEscape("torn pages <b>") + "#x")
		got := answered(tab, "torn pages <b>")
		if len(got.Links) == 0 || !strings.HasPrefix(got.Links[0], "/posts/write-ahead-logs-") || !slices.Contains(got.Marks, "torn") {
			t.Errorf("%+v", got)
		}
		// A title is never cut, and a list is no sentence.
		enter(tab, "zyzzyva")
		if got := Eval[[]string](tab, `[...document.querySelectorAll("ol li")].map((li) => li.querySelector("a").textContent + ": " + li.querySelector("p").textContent)`); !slices.Equal(got, []string{longTitle + ": A beetle · without a full stop · Another one"}) {
			t.Errorf("a long title and a list are shown as %q", got)
		}
		// Without results the reader hears so, and nothing old stays.
		if got := enter(tab, "qzxwvj"); got.Status != "Nothing was found." || len(got.Links) > 0 {
			t.Errorf("nonsense finds %+v", got)
		}
		if got := enter(tab, "!?"); got.Status != "Nothing was found." {
			t.Errorf("no word finds %+v", got)
		}
		// More results come below, and the focus goes to the first of them.
		first := enter(tab, "outage")
		do(tab, chromedp.Click(".more-results"))
		until(tab, fmt.Sprintf(`document.querySelectorAll("ol a").length > %d && document.activeElement.tagName === "A"`, len(first.Links)))
		more := Eval[found](tab, foundScript)
		if d := cmp.Diff(first.Links, more.Links[:len(first.Links)]); d != "" {
			t.Errorf("more results change the first ones:\n%s", d)
		}
		if want := fmt.Sprintf("Results: %d", len(more.Links)); more.Status != want {
			t.Errorf("status %q, want %q", more.Status, want)
		}
		seen := make(map[string]bool)
		for _, l := range more.Links {
			if seen[l] {
				t.Errorf("%s is there twice", l)
			}
			seen[l] = true
		}
		_, wrong := lookAtPage(tab)
		for _, w := range wrong {
			t.Error(w)
		}
	})

	t.Run("phone", func(t *testing.T) {
		for _, dark := range []bool{false, true} {
			tab := b.Open(t, View{320, dark})
			tab.Visit(address + "/search/?q=kubernetes")
			answered(tab, "kubernetes")
			_, wrong := lookAtPage(tab)
			for _, w := range wrong {
				t.Error(w)
			}
			small := Eval[[]string](tab, `[...document.querySelectorAll(".find, #q, .more-results, ol a, .elsewhere a")].filter((e) => {
  const {height} = e.getBoundingClientRect();
  return height < (e.matches("ol a, .elsewhere a") ? 24 : 44);
}).map((e) => e.outerHTML)`)
			for _, el := range small {
				t.Errorf("too small to hit: %s", el)
			}
		}
	})

	t.Run("no script", func(t *testing.T) {
		tab := b.Open(t, View{320, false})
		call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		tab.Visit(address + "/about/")
		if to := Eval[string](tab, `document.querySelector(".find").getAttribute("href")`); to != "/archive/" {
			t.Errorf("without scripts the link leads to %s", to)
		}
		tab.Visit(address + "/search/?q=flame")
		got := Eval[[]string](tab, `[document.querySelector("#search-index form").checkVisibility() + "", document.querySelector("#search-index").innerText]`)
		if got[0] != "false" || !strings.Contains(got[1], "Search needs JavaScript.") {
			t.Errorf("without scripts: a form %s, %q", got[0], got[1])
		}
		links := Eval[[]string](tab, `[...document.querySelectorAll(".elsewhere a")].map((a) => a.getAttribute("href"))`)
		if d := cmp.Diff([]string{"/archive/", "/tags/"}, links); d != "" {
			t.Errorf("without scripts the page leads to (-want +got):\n%s", d)
		}
	})

	t.Run("failure", func(t *testing.T) { testLostIndex(t, b, public) })

	t.Run("bytes", func(t *testing.T) {
		for pattern, limit := range map[string]int{"js/search.*.js": 6 << 10, "css/search.*.css": 1 << 10, "search/en/root.json": 2 << 10} {
			raw, zip := weigh(t, public, pattern)
			t.Logf("%s: %d bytes, %d gzip", pattern, raw, zip)
			if zip > limit {
				t.Errorf("%s has %d bytes gzip, of %d", pattern, zip, limit)
			}
		}
	})
}

// testQueries asks the recorded questions; at least nine of ten posts have to be
// among the first three, and every result has to lead to a part that is there.
func testQueries(t *testing.T, b *Browser, public, address string) {
	var root struct {
		N int `json:"n"`
	}
	data, err := os.ReadFile(filepath.Join(public, "search", "en", "root.json"))
	if err == nil {
		err = json.Unmarshal(data, &root)
	}
	if err != nil {
		t.Fatal(err)
	}
	tree := sitetest.Tree(t, public)
	pages := 0
	for name, data := range tree {
		// Posts, guides and the page about: what is neither a list, nor wants to be left
		// out, nor says that it moved.
		dir := filepath.ToSlash(filepath.Dir(name))
		if (strings.HasPrefix(dir, "posts/") || strings.HasPrefix(dir, "guides/")) && strings.HasSuffix(name, "/index.html") && !strings.Contains(data, "http-equiv=refresh") ||
			dir == "about" && filepath.Base(name) == "index.html" {
			pages++
		}
	}
	if root.N != pages || pages < 300 {
		t.Errorf("%d pages are in the index, and %d published", root.N, pages)
	}

	tab := b.Open(t, View{1440, false})
	tab.Visit(address + "/search/")
	asked, good := 0, 0
	for _, line := range strings.Split(queries, "\n") {
		question, want, ok := strings.Cut(line, "\t")
		if !ok {
			continue
		}
		asked++
		got := enter(tab, question)
		at := slices.IndexFunc(got.Links, func(l string) bool { return strings.HasPrefix(l, "/posts/"+want+"/") })
		if at >= 0 && at < 3 {
			good++
		} else {
			t.Logf("%q: %s is at %d of %q", question, want, at+1, got.Links)
		}
		if len(got.Marks) == 0 {
			t.Errorf("%q: nothing is marked", question)
		}
		for _, l := range got.Links {
			u, err := url.Parse(l)
			if err != nil {
				t.Fatal(err)
			}
			html := tree[strings.TrimPrefix(u.Path, "/")+"index.html"]
			if html == "" || u.Fragment != "" && !strings.Contains(html, "id="+u.Fragment) && !strings.Contains(html, `id="`+u.Fragment+`"`) {
				t.Errorf("%q: %s is not there", question, l)
			}
		}
	}
	t.Logf("%d of %d posts are among the first three", good, asked)
	if asked != 40 || good*10 < asked*9 {
		t.Errorf("%d of %d posts are among the first three", good, asked)
	}
	for _, c := range tab.Complaints() {
		t.Error(c)
	}
}

// testLostIndex takes the index away, and publishes another one while a reader
// is on the page.
func testLostIndex(t *testing.T, b *Browser, public string) {
	lost := false
	files := http.FileServer(http.Dir(public))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if lost && strings.HasPrefix(r.URL.Path, "/search/en/") {
			http.Error(w, "gone", http.StatusServiceUnavailable)
			return
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	tab := b.Open(t, View{320, false})
	tab.Visit(s.URL + "/search/")
	lost = true
	if got := enter(tab, "flame"); got.Status != "The index could not be read. Try again later." || len(got.Links) > 0 {
		t.Errorf("without an index: %+v", got)
	}
	lost = false
	if got := enter(tab, "flame graphs"); len(got.Links) == 0 {
		t.Errorf("with the index back: %+v", got)
	}
}
