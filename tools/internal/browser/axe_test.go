package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"duskpress/tools/internal/sitetest"
	"duskpress/tools/internal/testenv"
)

// Axe is the variable that names axe-core's axe.min.js, a judge of
// accessibility that is no part of this project. Without it the test is
// skipped, but where a browser is required it is too.
const Axe = "DUSKPRESS_AXE"

// axeScript runs every rule that is about conformance or good practice and
// returns what is wrong, one line a fault.
const axeScript = `axe.run(document, {resultTypes: ["violations"]}).then((r) => {
  if (r.passes.length < 10) return ["axe checked only " + r.passes.length + " rules"];
  return r.violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.target.join(" ") + ": " + n.failureSummary.replace(/\s+/g, " ")));
})`

func axe(tab *Tab) []string {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, stepLimit)
	defer cancel()
	wrong, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](axeScript, chromedp.EvalAwaitPromise))
	if err != nil {
		tab.t.Fatalf("%s: axe: %v", tab.url, err)
	}
	return wrong
}

// TestAxe has axe-core look at every kind of page, in light and dark, on paper,
// narrow and wide, and as it is when no script of the site arrives.
func TestAxe(t *testing.T) {
	file := os.Getenv(Axe)
	if file == "" {
		testenv.Lacks(t, testenv.Browser, "accessibility is not judged: %s does not name axe-core's axe.min.js", Axe)
	}
	script, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b := Start(t)
	dir := t.TempDir()
	public := filepath.Join(dir, "public")
	address := Serve(t, public)
	sitetest.CopyRepoSite(t, dir)
	config, err := os.ReadFile(filepath.Join(dir, "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	sitetest.Write(t, filepath.Join(dir, "config.toml"), string(config)+"\n[params.duskpress.plugins.archive]\nposts = 3\n")
	sitetest.Write(t, filepath.Join(dir, "content", "posts", "pager.md"), pagerPost)
	sitetest.Write(t, filepath.Join(dir, "content", "posts", "wide.md"), widePost)
	sitetest.MustBuild(t, dir, "-b", address+"/")

	pages := []string{"/", "/404.html", "/about/", "/archive/", "/archive/2026/", "/posts/", "/series/", "/tags/", "/tags/go/", "/posts/wide/", "/posts/same-bytes/", "/posts/every-mark-on-one-page/", pager}
	for _, p := range htmlPages(t, public) {
		if strings.HasPrefix(p, "/series/a-") || p == "/search/" {
			pages = append(pages, p)
		}
		if p == "/search/" {
			pages = append(pages, "/search/?q=outage")
		}
	}
	judge := func(t *testing.T, address string, pages []string, v View, media string, scripts bool) {
		tab := b.Open(t, v)
		prefer(tab, v.Dark, media)
		if !scripts {
			call(tab, network.Enable, network.EnableParams{})
			call(tab, network.SetBlockedURLs, network.SetBlockedURLsParams{URLPatterns: []*network.BlockPattern{{URLPattern: "*://*:*/*.js", Block: true}}})
		}
		for _, p := range pages {
			tab.Visit(address + p)
			if scripts && strings.Contains(p, "?q=") {
				until(tab, `document.querySelectorAll("#search-results mark").length > 0`)
			}
			// What is folded is read too.
			Eval[bool](tab, `document.querySelectorAll("details").forEach((d) => { d.open = true; }), true`)
			if scripts != (Eval[int](tab, `document.querySelectorAll(".appearance button").length`) == 2) && p != "/404.html" {
				t.Fatalf("%s: with scripts is %v, and the buttons say otherwise", p, scripts)
			}
			Eval[bool](tab, string(script)+";true")
			for _, w := range axe(tab) {
				t.Errorf("%s: %s", p, w)
			}
		}
	}
	for _, v := range views {
		t.Run(v.String(), func(t *testing.T) { t.Parallel(); judge(t, address, pages, v, "", true) })
	}
	t.Run("print", func(t *testing.T) { t.Parallel(); judge(t, address, pages, View{Width: 1440}, "print", true) })
	t.Run("print-dark", func(t *testing.T) {
		t.Parallel()
		judge(t, address, pages, View{Width: 320, Dark: true}, "print", true)
	})
	t.Run("no script", func(t *testing.T) { t.Parallel(); judge(t, address, pages, View{Width: 320, Dark: true}, "", false) })
	t.Run("no script, wide", func(t *testing.T) { t.Parallel(); judge(t, address, pages, View{Width: 1440}, "", false) })

	// From the right to the left.
	hebrew := t.TempDir()
	rtl := Serve(t, filepath.Join(hebrew, "public"))
	hebrewSite(t, hebrew)
	sitetest.Write(t, filepath.Join(hebrew, "content", "posts", "wide.md"), widePost)
	sitetest.MustBuild(t, hebrew, "-b", rtl+"/")
	for _, v := range views {
		t.Run("rtl-"+v.String(), func(t *testing.T) {
			t.Parallel()
			judge(t, rtl, []string{"/", "/404.html", "/archive/", "/tags/", "/tags/go/", "/posts/wide/", "/posts/every-mark-on-one-page/"}, v, "", true)
		})
	}

	// The judge has eyes.
	t.Run("faults", func(t *testing.T) {
		tab := b.Open(t, views[0])
		tab.Visit(address + "/")
		Eval[bool](tab, string(script)+";true")
		Eval[bool](tab, `(() => { document.querySelector("h1").style.color = "#ddd"; document.documentElement.lang = ""; const img = new Image(); img.src = "/favicon.svg"; document.querySelector("main").append(img); return true })()`)
		found := fmt.Sprint(axe(tab))
		for _, rule := range []string{"color-contrast", "html-has-lang", "image-alt"} {
			if !strings.Contains(found, rule+":") {
				t.Errorf("axe does not see %s: %s", rule, found)
			}
		}
	})
}
