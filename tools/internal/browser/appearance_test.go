package browser

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"duskpress/tools/internal/sitetest"
	"duskpress/tools/serve"
)

// The page's --bg in css/tokens.css.
const (
	lightBackground = "rgb(251, 250, 248)"
	darkBackground  = "rgb(21, 22, 28)"
)

func background(dark bool) string {
	if dark {
		return darkBackground
	}
	return lightBackground
}

// late is how long serveStrict waits before it sends a script that does not
// block rendering: long enough for a frame without it, on a slow machine too.
const late = 400 * time.Millisecond

// serveStrict serves a site of strict. Each has an origin, and so a storage, of
// its own.
func serveStrict(t *testing.T, public string, slow bool) (address string) {
	return ServeHandler(t, strict(public, slow))
}

// strict is a site with its own strict policy, and, where slow is set, like one
// behind a slow network.
func strict(public string, slow bool) http.Handler {
	files := serve.New(public, "", nil)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slow {
			delay := late / 10
			if strings.HasPrefix(r.URL.Path, "/js/site.") {
				delay = late
			}
			time.Sleep(delay)
			w = noStore{w}
		}
		files.ServeHTTP(w, r)
	})
}

// noStore keeps a browser from keeping what it was sent.
type noStore struct{ http.ResponseWriter }

func (w noStore) WriteHeader(status int) {
	w.Header().Set("Cache-Control", "no-store")
	w.ResponseWriter.WriteHeader(status)
}

// call runs a command of the protocol in a tab.
func call[P, R any](tab *Tab, cmd cdp.Command[P, R], params P) R {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, stepLimit)
	defer cancel()
	r, err := chromedp.Call(ctx, cmd, params)
	if err != nil {
		tab.t.Fatalf("%s: %s: %v", tab.url, cmd.Method, err)
	}
	return r
}

func do(tab *Tab, steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, stepLimit)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		tab.t.Fatalf("%s: %v", tab.url, err)
	}
}

// load follows a link and waits until the page is loaded.
func load(tab *Tab, link string) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, stepLimit)
	defer cancel()
	wait := chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.Evaluate[any](fmt.Sprintf("document.querySelector(%q).click()", link)))
	if _, err := chromedp.Run(ctx, wait); err != nil {
		tab.t.Fatalf("%s: %v", tab.url, err)
	}
}

// goBack returns to the page before. It may come from the browser's cache, and
// then it is not loaded again.
func goBack(tab *Tab) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, stepLimit)
	defer cancel()
	wait := chromedp.WaitEvent(page.FrameNavigated, nil, chromedp.Evaluate[any]("history.back()"))
	if _, err := chromedp.Run(ctx, wait); err != nil {
		tab.t.Fatalf("%s: back: %v", tab.url, err)
	}
	until(tab, "document.readyState === 'complete'")
}

// until waits until an expression is true in the page.
func until(tab *Tab, expression string) {
	tab.t.Helper()
	for end := time.Now().Add(stepLimit); !Eval[bool](tab, "!!("+expression+")"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			tab.t.Fatalf("%s: never true: %s", tab.url, expression)
		}
	}
}

func before(tab *Tab, script string) {
	tab.t.Helper()
	call(tab, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
}

func prefer(tab *Tab, dark bool, media string) {
	tab.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media:    media,
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
}

// looks is what a reader sees of the colours, and of the buttons.
type looks struct {
	Background string `json:"background"`
	Theme      string `json:"theme"`   // data-theme
	Bar        string `json:"bar"`     // the colour for the browser's own parts
	Pressed    string `json:"pressed"` // of the button that flips; empty without it
	Back       bool   `json:"back"`    // the way back to the system can be seen
	Stored     string `json:"stored"`
}

const looksScript = `(() => {
  const bar = [...document.querySelectorAll("meta[name=theme-color]")].find((m) => !m.media || matchMedia(m.media).matches);
  const [back, flip] = document.querySelectorAll(".appearance button");
  let stored = "";
  try { stored = localStorage["duskpress-theme"] ?? ""; } catch { stored = "blocked"; }
  return {
    background: getComputedStyle(document.body).backgroundColor,
    theme: document.documentElement.dataset.theme ?? "",
    bar: bar.content,
    pressed: flip?.getAttribute("aria-pressed") ?? "",
    back: back?.checkVisibility({visibilityProperty: true}) ?? false,
    stored,
  };
})()`

// want compares what is seen with what has to be for a system and a choice:
// light, dark, or empty for none.
func want(tab *Tab, when string, systemDark bool, choice string) {
	tab.t.Helper()
	dark := systemDark
	if choice != "" {
		dark = choice == "dark"
	}
	w := looks{Background: background(dark), Theme: choice, Bar: "#fbfaf8", Pressed: fmt.Sprint(dark), Back: choice != "", Stored: choice}
	if dark {
		w.Bar = "#15161c"
	}
	if d := cmp.Diff(w, Eval[looks](tab, looksScript)); d != "" {
		tab.t.Errorf("%s (-want +got):\n%s", when, d)
	}
	for _, c := range tab.Complaints() {
		tab.t.Errorf("%s: %s", when, c)
	}
}

const (
	back = ".appearance button:first-child"
	flip = ".appearance button:last-child"
)

func click(tab *Tab, selector string) {
	tab.t.Helper()
	do(tab, chromedp.Click(selector))
}

func name(dark bool) string {
	if dark {
		return "dark"
	}
	return "light"
}

func TestAppearance(t *testing.T) {
	b := Start(t)
	public, _ := buildSite(t)

	for _, dark := range []bool{false, true} {
		system, other := name(dark), name(!dark)
		t.Run(system, func(t *testing.T) {
			address := serveStrict(t, public, false)
			tab := b.Open(t, View{320, dark})
			tab.Visit(address + "/about/")
			want(tab, "at first", dark, "")
			click(tab, flip)
			want(tab, "after a click", dark, other)
			do(tab, chromedp.Reload())
			want(tab, "after a reload", dark, other)
			tab.Visit(address + pager)
			want(tab, "on another page", dark, other)

			second := b.Open(t, View{1440, dark})
			second.Visit(address + "/")
			want(second, "in a second tab", dark, other)
			click(second, flip)
			want(second, "after a click there", dark, system)
			until(tab, fmt.Sprintf("document.documentElement.dataset.theme === %q", system))
			want(tab, "the first tab", dark, system)
			prefer(second, !dark, "")
			until(second, fmt.Sprintf("matchMedia('(prefers-color-scheme: %s)').matches", other))
			want(second, "a choice, and the system changes", !dark, system)
			prefer(second, dark, "")

			click(tab, back)
			want(tab, "back to the system", dark, "")
			if !Eval[bool](tab, fmt.Sprintf("document.activeElement === document.querySelector(%q)", flip)) {
				t.Error("the focus is lost when the way back goes")
			}
			until(second, "!document.documentElement.dataset.theme")
			want(second, "the second tab is back too", dark, "")
			prefer(tab, !dark, "")
			until(tab, fmt.Sprintf("document.querySelector(%q).ariaPressed === '%v'", flip, !dark))
			want(tab, "the system changes", !dark, "")
			prefer(tab, dark, "")

			// All storage of the origin goes.
			click(second, flip)
			until(tab, "document.documentElement.dataset.theme")
			Eval[any](second, "localStorage.clear()")
			until(tab, "!document.documentElement.dataset.theme")
			want(tab, "storage is cleared", dark, "")

			// A page that the browser kept and that heard of nothing, as in a browser
			// that drops no page for what is said on a channel.
			Eval[any](tab, `window.left = true`)
			tab.Visit(address + "/tags/")
			Eval[any](tab, fmt.Sprintf("void (localStorage['duskpress-theme'] = %q)", other))
			goBack(tab)
			until(tab, fmt.Sprintf("document.documentElement.dataset.theme === %q", other))
			want(tab, "the page before", dark, other)
			if !Eval[bool](tab, "!!window.left") {
				t.Error("the browser loaded the page before again")
			}

			// What someone else stored there.
			Eval[any](tab, "void (localStorage['duskpress-theme'] = 'sepia')")
			do(tab, chromedp.Reload())
			if got := Eval[looks](tab, looksScript); got.Background != background(dark) || got.Theme != "" || got.Back {
				t.Errorf("with nonsense in storage: %+v", got)
			}
		})
	}

	t.Run("print", func(t *testing.T) {
		tab := b.Open(t, View{1440, true})
		tab.Visit(serveStrict(t, public, false) + pager)
		for _, choice := range []string{"", "light", "dark"} {
			if choice != "" {
				prefer(tab, true, "")
				click(tab, flip)
			}
			prefer(tab, true, "print")
			got := Eval[[]string](tab, `[getComputedStyle(document.documentElement).colorScheme, getComputedStyle(document.body).backgroundColor]`)
			if d := cmp.Diff([]string{"light", "rgb(255, 255, 255)"}, got); d != "" {
				t.Errorf("printed with the choice %q (-want +got):\n%s", choice, d)
			}
		}
	})

	t.Run("keyboard", func(t *testing.T) {
		tab := b.Open(t, View{320, false})
		tab.Visit(serveStrict(t, public, false) + "/about/")
		focused := func(selector string) bool {
			return Eval[bool](tab, fmt.Sprintf("document.activeElement === document.querySelector(%q)", selector))
		}
		tabTo := func(selector string) {
			t.Helper()
			for range 10 {
				if focused(selector) {
					return
				}
				do(tab, chromedp.KeyEvent("\t"))
			}
			t.Fatalf("the tab key does not lead to %s", selector)
		}
		tabTo(flip)
		if outline := Eval[string](tab, "getComputedStyle(document.activeElement).outlineStyle"); outline != "solid" {
			t.Errorf("the focus is not seen: outline-style %s", outline)
		}
		do(tab, chromedp.KeyEvent(" "))
		want(tab, "after the space bar", false, "dark")
		do(tab, chromedp.KeyEvent("\r"))
		want(tab, "after enter", false, "light")
		do(tab, chromedp.KeyEvent("\t", chromedp.KeyModifiers(chromedp.ModifierShift)))
		if !focused(back) {
			t.Error("shift and tab do not lead to the way back")
		}
		do(tab, chromedp.KeyEvent("\r"))
		want(tab, "after enter on the way back", false, "")
		for _, at := range []string{flip, back} {
			box := Eval[[]float64](tab, fmt.Sprintf("(({width, height}) => [width, height])(document.querySelector(%q).getBoundingClientRect())", at))
			if box[0] < 44 || box[1] < 44 {
				t.Errorf("%s is %v px large", at, box)
			}
		}
		labels := Eval[[]string](tab, `[...document.querySelectorAll(".appearance button")].map((b) => b.getAttribute("aria-label"))`)
		if d := cmp.Diff([]string{"Follow the system", "Dark mode"}, labels); d != "" {
			t.Errorf("labels (-want +got):\n%s", d)
		}
	})

	t.Run("event", func(t *testing.T) {
		tab := b.Open(t, View{320, false})
		before(tab, `window.events = []; document.addEventListener("themechange", (e) => events.push(e.detail.theme + " " + e.detail.choice));`)
		tab.Visit(serveStrict(t, public, false) + "/about/")
		for _, at := range []string{flip, flip, back} {
			click(tab, at)
		}
		prefer(tab, true, "")
		until(tab, "events.length > 3")
		if d := cmp.Diff([]string{"dark dark", "light light", "light system", "dark system"}, Eval[[]string](tab, "events")); d != "" {
			t.Errorf("events (-want +got):\n%s", d)
		}
	})

	t.Run("blocked", func(t *testing.T) {
		tab := b.Open(t, View{320, false})
		before(tab, `Object.defineProperty(window, "localStorage", {get() { throw new DOMException("blocked", "SecurityError"); }});`)
		address := serveStrict(t, public, false)
		tab.Visit(address + "/about/")
		for i, step := range []struct{ at, choice string }{{"", ""}, {flip, "dark"}, {flip, "light"}, {flip, "dark"}, {back, ""}} {
			if step.at != "" {
				click(tab, step.at)
			}
			got := Eval[looks](tab, looksScript)
			if got.Background != background(step.choice == "dark") || got.Theme != step.choice || got.Stored != "blocked" || got.Pressed == "" {
				t.Errorf("step %d, without storage: %+v", i, got)
			}
		}
		click(tab, flip)
		do(tab, chromedp.Reload())
		if got := Eval[looks](tab, looksScript); got.Background != lightBackground {
			t.Errorf("the next page, without storage: %+v", got)
		}
		for _, c := range tab.Complaints() {
			t.Error(c)
		}
	})

	t.Run("no script", func(t *testing.T) {
		address := serveStrict(t, public, false)
		for _, dark := range []bool{false, true} {
			tab := b.Open(t, View{320, dark})
			call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
			for _, p := range []string{"/", "/about/", pager} {
				tab.Visit(address + p)
				got := Eval[looks](tab, looksScript)
				if got.Background != background(dark) || got.Pressed != "" {
					t.Errorf("%s without scripts in %s: %+v", p, name(dark), got)
				}
				if Eval[bool](tab, `!!document.querySelector("button") || document.querySelector(".appearance").checkVisibility()`) {
					t.Errorf("%s without scripts has a button, or room for one", p)
				}
			}
		}
	})

	// The room for the buttons is kept: nothing moves when they come.
	t.Run("still", func(t *testing.T) {
		address := serveStrict(t, public, true)
		for _, width := range []int{320, 1440} {
			tab := b.Open(t, View{width, false})
			before(tab, `window.moved = 0; new PerformanceObserver((list) => { for (const e of list.getEntries()) { moved += e.value; window.why = (window.why || "") + JSON.stringify(e.sources.map((s) => [s.node?.outerHTML?.slice(0, 80), s.previousRect, s.currentRect])); } }).observe({type: "layout-shift", buffered: true});`)
			tab.Visit(address + "/about/")
			if got := Eval[looks](tab, looksScript); got.Pressed == "" {
				t.Error("no button")
			}
			frames(tab)
			if moved := Eval[float64](tab, "moved"); moved > .001 { // a button that comes moves it by ten times that
				t.Errorf("at %d px the page moves by %v: %s", width, moved, Eval[string](tab, "why"))
			}
		}
	})

	// From page to page a fade, where the reader's system has nothing against motion.
	t.Run("fade", func(t *testing.T) {
		address := serveStrict(t, public, false)
		for value, fades := range map[string]bool{"no-preference": true, "reduce": false} {
			tab := b.Open(t, View{1440, false})
			before(tab, `addEventListener("pagereveal", (e) => { window.fades = !!e.viewTransition; });`)
			call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: value}}})
			tab.Visit(address + "/about/")
			load(tab, "nav a[href='/tags/']")
			until(tab, "'fades' in window") // the first frame may come after the load
			if got := Eval[bool](tab, "window.fades"); got != fades {
				t.Errorf("motion %s: fades %v", value, got)
			}
		}
	})

	t.Run("no flash", func(t *testing.T) { testNoFlash(t, b, public) })
	t.Run("kept", func(t *testing.T) { testKept(t, b, public) })
	t.Run("bytes", func(t *testing.T) { testScriptBytes(t, public) })
}

// weigh returns the size of the one file that has such a name, as it is and
// compressed with gzip.
func weigh(t *testing.T, public, pattern string) (raw, zipped int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(public, filepath.FromSlash(pattern)))
	if err != nil || len(files) != 1 {
		t.Fatalf("%s: %q, %v", pattern, files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return len(data), sitetest.Zipped(data)
}

// testScriptBytes holds the scripts and the style sheet to their budgets.
func testScriptBytes(t *testing.T, public string) {
	raw1, zip1 := weigh(t, public, "js/first.*.js")
	raw2, zip2 := weigh(t, public, "js/site.*.js")
	raw3, zip3 := weigh(t, public, "css/main.*.css")
	t.Logf("first %d bytes, %d gzip; site %d, %d; css %d, %d", raw1, zip1, raw2, zip2, raw3, zip3)
	if raw1 > 400 || zip1 > 400 {
		t.Errorf("the script that blocks rendering has %d bytes, %d gzip", raw1, zip1)
	}
	if zip1+zip2 > 2<<10 {
		t.Errorf("the scripts have %d bytes gzip", zip1+zip2)
	}
	if zip3 > 6<<10 {
		t.Errorf("the style sheet has %d bytes gzip", zip3)
	}
}

// TestOwnersAppearance builds sites whose owner fixed the colours, or wants no
// button, nor what posts gain from a script: none ships.
func TestOwnersAppearance(t *testing.T) {
	b := Start(t)
	for _, c := range []struct {
		appearance string
		toggle     bool
	}{{"light", true}, {"dark", true}, {"auto", false}, {"dark", false}} {
		t.Run(fmt.Sprintf("%s-%v", c.appearance, c.toggle), func(t *testing.T) {
			dir := t.TempDir()
			sitetest.CopyRepoSite(t, dir)
			file := filepath.Join(dir, "config.toml")
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			config := strings.Replace(string(data), `appearance = "auto"`, fmt.Sprintf("appearance = %q", c.appearance), 1)
			config = strings.Replace(config, "toggle = true", fmt.Sprintf("toggle = %v", c.toggle), 1)
			config = strings.Replace(config, "script = true", "script = false", 1)
			config = strings.Replace(config, "search = true", "search = false", 1) // its keys are a script too
			sitetest.Write(t, file, config)
			sitetest.MustBuild(t, dir)
			public := filepath.Join(dir, "public")
			for name, data := range sitetest.Tree(t, public) {
				if name == "search/index.html" || strings.HasPrefix(name, "js/search.") {
					continue // the page itself stays, for who has its address
				}
				if strings.HasSuffix(name, ".js") || strings.HasSuffix(name, ".html") && strings.Contains(strings.ReplaceAll(data, "<script type=application/ld+json>", ""), "<script") {
					t.Errorf("a script in %s", name)
				}
			}
			address := serveStrict(t, public, false)
			for _, dark := range []bool{false, true} {
				scheme, shown := c.appearance, c.appearance == "dark"
				if scheme == "auto" {
					scheme, shown = "light dark", dark
				}
				tab := b.Open(t, View{320, dark})
				tab.Visit(address + "/about/")
				got := Eval[[]string](tab, `[getComputedStyle(document.documentElement).colorScheme, getComputedStyle(document.body).backgroundColor, String(document.querySelectorAll("script:not([type])").length), String(document.querySelectorAll("button, .appearance").length)]`)
				if d := cmp.Diff([]string{scheme, background(shown), "0", "0"}, got); d != "" {
					t.Errorf("system %s: scheme, background, scripts, buttons (-want +got):\n%s", name(dark), d)
				}
				for _, complaint := range tab.Complaints() {
					t.Error(complaint)
				}
			}
		})
	}
	for option, wrong := range map[string]string{`toggle = "yes"`: `"yes"`, `toggle = 1`: `"1"`, `appearance = "sepia"`: `"sepia"`, `script = "no"`: `"no"`, `search = "no"`: `"no"`} {
		t.Run(option, func(t *testing.T) {
			dir := t.TempDir()
			sitetest.CopyRepoSite(t, dir)
			file := filepath.Join(dir, "config.toml")
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			key, _, _ := strings.Cut(option, " ")
			sitetest.Write(t, file, regexp.MustCompile(`(?m)^( +)`+key+` = \S+`).ReplaceAllString(string(data), "${1}"+option))
			if out, exit := sitetest.Build(t, dir); exit == 0 || !strings.Contains(out, key+" is "+wrong) {
				t.Errorf("exit %d\n%s", exit, out)
			}
		})
	}
}
