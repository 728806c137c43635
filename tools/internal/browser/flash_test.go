package browser

import (
	"bytes"
	"context"
	"fmt"
	"image/color"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"duskpress/tools/internal/sitetest"
)

// frames waits until what a page has become was painted.
func frames(tab *Tab) {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, stepLimit)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](
		"new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(true)))))",
		chromedp.EvalAwaitPromise))
	if err != nil {
		tab.t.Fatal(err)
	}
}

// film records the colour of the first pixel of every frame that a tab shows.
type film struct {
	mu     sync.Mutex
	colors []string
}

// roll starts a film; it ends with the tab.
func roll(tab *Tab) *film {
	f := new(film)
	shown := make(chan *page.EventScreencastFrame, 1000)
	err := chromedp.Listen(tab.ctx, func(event any) {
		if e, ok := event.(*page.EventScreencastFrame); ok {
			shown <- e
		}
	})
	if err != nil {
		tab.t.Fatal(err)
	}
	go func() {
		for {
			select {
			case <-tab.ctx.Done():
				return
			case e := <-shown:
				c := "a frame that is no PNG"
				if img, err := png.Decode(bytes.NewReader(e.Data)); err == nil {
					c = named(color.NRGBAModel.Convert(img.At(img.Bounds().Min.X+1, img.Bounds().Min.Y+1)).(color.NRGBA))
				}
				f.mu.Lock()
				f.colors = append(f.colors, c)
				f.mu.Unlock()
				// Fails only when the tab is closed.
				_, _ = chromedp.Call(tab.ctx, page.ScreencastFrameAck, page.ScreencastFrameAckParams{SessionID: e.SessionID})
			}
		}
	}()
	call(tab, page.StartScreencast, page.StartScreencastParams{Format: page.StartScreencastFormatPng, EveryNthFrame: 1})
	return f
}

// named writes a colour as a style does. One page fades into the next, and where
// both have the same background, rounding makes it another by one.
func named(c color.NRGBA) string {
	for _, known := range []string{lightBackground, darkBackground} {
		var r, g, b uint8
		if _, err := fmt.Sscanf(known, "rgb(%d, %d, %d)", &r, &g, &b); err != nil {
			panic(err)
		}
		if near(c.R, r) && near(c.G, g) && near(c.B, b) {
			return known
		}
	}
	return fmt.Sprintf("rgb(%d, %d, %d)", c.R, c.G, c.B)
}

func near(a, b uint8) bool { return max(a, b)-min(a, b) <= 1 }

// wait waits until a frame of a colour was shown.
func (f *film) wait(t testing.TB, c string) {
	t.Helper()
	for end := time.Now().Add(stepLimit); ; time.Sleep(10 * time.Millisecond) {
		f.mu.Lock()
		there := slices.Contains(f.colors, c)
		f.mu.Unlock()
		if there {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("no frame of %s", c)
		}
	}
}

// cut returns, and forgets, the colours so far, each once.
func (f *film) cut() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.colors
	f.colors = nil
	slices.Sort(all)
	return slices.Compact(all)
}

// Before the page paints, a frame is of this colour, and no other.
const blank = "rgb(255, 0, 255)"

// empty is the colour of the page before a visit.
const empty = "rgb(0, 255, 0)"

// These are Chromium's own for an empty page: it shows one of them, by the system,
// when a page gets another process, before it hears of the colour above.
const (
	blankDark  = "rgb(18, 18, 18)"
	blankLight = "rgb(255, 255, 255)"
)

// seenScript keeps the background at each animation frame, and whether the
// browser says that it painted.
const seenScript = `window.seen = []; window.painted = false;
new PerformanceObserver(() => { painted = true; }).observe({type: "paint", buffered: true});
requestAnimationFrame(function look() {
  const now = document.body ? getComputedStyle(document.body).backgroundColor : "no body";
  if (!seen.includes(now)) seen.push(now);
  requestAnimationFrame(look);
});`

// testNoFlash looks at every frame, on a slow processor and a slow network,
// with a choice that is the opposite of the system's.
func testNoFlash(t *testing.T, b *Browser, public string) {
	// A page without the script that blocks rendering: the test has to see it flash.
	data, err := os.ReadFile(filepath.Join(public, "about", "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	first := regexp.MustCompile(`<script src=\S*/js/first\.[^>]*></script>`)
	faulty := first.ReplaceAllString(string(data), "")
	if faulty == string(data) {
		t.Fatal("no first script in the page")
	}
	// The script that comes later has to come after the first frame, on however
	// slow a machine: it is held until the test has seen that frame.
	held := regexp.MustCompile(`/js/site\.[^"' >]*`).ReplaceAllString(faulty, "$0?held")
	if held == faulty {
		t.Fatal("no other script in the page")
	}
	sitetest.Write(t, filepath.Join(public, "faulty", "index.html"), held)

	site, release := strict(public, true), make(chan struct{}, 1)
	address := ServeHandler(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery == "held" {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}
		site.ServeHTTP(w, r)
	}))
	for _, dark := range []bool{false, true} {
		tab := b.Open(t, View{1440, dark})
		before(tab, seenScript)
		tab.Visit(address + "/about/")
		choice := name(!dark) // what the tab before left there, or a click or two away
		for range 2 {
			if Eval[looks](tab, looksScript).Theme != choice {
				click(tab, flip)
			}
		}
		want(tab, "a choice", dark, choice)
		call(tab, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: 6})
		call(tab, emulation.SetDefaultBackgroundColorOverride, emulation.SetDefaultBackgroundColorOverrideParams{Color: &cdp.RGBA{R: 255, B: 255, A: 1}})
		f := roll(tab)
		look := func() (filmed, seen []string) {
			frames(tab)
			until(tab, "painted") // a busy browser says so later than it paints
			until(tab, "document.querySelector('.appearance button')")
			f.wait(t, background(!dark))
			filmed = slices.DeleteFunc(f.cut(), func(c string) bool { return c == blank || c == blankDark || c == blankLight || c == empty })
			seen = slices.DeleteFunc(Eval[[]string](tab, "seen"), func(c string) bool { return c == "no body" })
			return filmed, seen
		}
		// nothing shows an empty page, and forgets the frames before it. They come
		// in order, so one of that page is the last to wait for.
		nothing := func() {
			tab.Visit("data:text/html,<body style='background:rgb(0,255,0)'>")
			f.wait(t, empty)
			f.cut()
		}
		good := []string{background(!dark)}
		check := func(when string) {
			t.Helper()
			filmed, seen := look()
			if !slices.Equal(filmed, good) || !slices.Equal(seen, good) {
				t.Errorf("%s, system %s, choice %s: frames of %q, styles of %q", when, name(dark), choice, filmed, seen)
			}
		}
		nothing()
		tab.Visit(address + "/about/")
		check("a visit")
		load(tab, "nav a[href='/tags/']")
		check("a link")
		load(tab, "main a[href^='/tags/']")
		check("another link")
		do(tab, chromedp.Reload())
		check("a reload")
		goBack(tab)
		check("the page before")

		nothing()
		Eval[any](tab, fmt.Sprintf("void (location.href = %q)", address+"/faulty/"))
		f.wait(t, background(dark))
		release <- struct{}{}
		f.wait(t, background(!dark))
		if filmed, seen := look(); !slices.Contains(filmed, background(dark)) || !slices.Contains(seen, background(dark)) {
			t.Errorf("without the first script nobody sees a flash: frames of %q, styles of %q", filmed, seen)
		}
	}
}

// keep does what has to lead back to a page that the browser kept as it was left,
// and fails when it does not. Of that a browser makes no promise: where the machine
// is busy it drops a page, or hears too late that it has to, for reasons of its own.
// So each time that it fails it is done again, and the wait that try gets, before
// it goes back, is longer. A page that cannot be kept, or is always, fails each time.
func keep(t *testing.T, tab *Tab, try func(wait time.Duration) (wrong string)) {
	t.Helper()
	var mu sync.Mutex
	var reasons []string
	err := chromedp.Listen(tab.ctx, func(event any) {
		if e, ok := event.(*page.EventBackForwardCacheNotUsed); ok {
			mu.Lock()
			defer mu.Unlock()
			for _, x := range e.NotRestoredExplanations {
				reasons = append(reasons, fmt.Sprintf("%s (%s)", x.Reason, x.Type))
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	wrong := ""
	for _, wait := range []time.Duration{0, time.Second, 3 * time.Second, 9 * time.Second} {
		if wrong = try(wait); wrong == "" {
			return
		}
	}
	mu.Lock()
	defer mu.Unlock()
	t.Errorf("%s; pages were not kept for %q", wrong, reasons)
}

// testKept goes back to a page that the browser keeps as it was left. When the
// choice was changed meanwhile it would show the old one for a frame, so then the
// page has to be loaded again, and only then.
func testKept(t *testing.T, b *Browser, public string) {
	for _, changed := range []bool{false, true} {
		address := serveStrict(t, public, false)
		tab := b.Open(t, View{1440, changed}) // one begins in light, one in dark
		f := roll(tab)
		keep(t, tab, func(wait time.Duration) string {
			for _, step := range []string{"/about/", "/tags/"} {
				tab.Visit(address + step)
				if changed && step == "/tags/" {
					click(tab, flip)
				}
				Eval[any](tab, `window.left = true`)
			}
			dark := Eval[bool](tab, `getComputedStyle(document.body).backgroundColor === "`+darkBackground+`"`)
			f.wait(t, background(dark))
			frames(tab)
			time.Sleep(wait)
			f.cut()
			goBack(tab)
			frames(tab)
			if kept := Eval[bool](tab, "!!window.left"); kept == changed {
				return fmt.Sprintf("choice changed: %v; the page before was kept: %v", changed, kept)
			}
			f.wait(t, background(dark))
			if got := slices.DeleteFunc(f.cut(), func(c string) bool { return c == blankDark || c == blankLight }); !slices.Equal(got, []string{background(dark)}) {
				return fmt.Sprintf("choice changed: %v; back in the page before, frames of %q", changed, got)
			}
			return ""
		})
	}
}
