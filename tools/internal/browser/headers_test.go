package browser

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"duskpress/tools/internal/sitetest"
)

// violationsScript keeps what the policy of a page blocked.
const violationsScript = `window.violations = []; addEventListener("securitypolicyviolation", (e) => {
  violations.push(e.effectiveDirective + " " + e.blockedURI + " " + e.sourceFile);
});`

func violations(tab *Tab) []string {
	tab.t.Helper()
	frames(tab) // some events come with the next frame
	return Eval[[]string](tab, "violations")
}

// TestPolicy visits every page as its host serves it. The browser must block
// nothing, send nothing to another host, and run the buttons.
func TestPolicy(t *testing.T) {
	b := Start(t)
	public, address := buildSite(t)
	pages := htmlPages(t, public)
	if len(pages) < 20 {
		t.Fatalf("%d pages", len(pages))
	}
	rules, err := os.ReadFile(filepath.Join(public, "_headers"))
	if err != nil {
		t.Fatal(err)
	}
	policy := regexp.MustCompile(`(?m)^  Content-Security-Policy: (.+)$`).FindStringSubmatch(string(rules))
	if policy == nil || strings.Contains(policy[1], "unsafe") || !strings.HasPrefix(policy[1], "default-src 'none'; ") {
		t.Fatalf("the policy in _headers is %q", policy)
	}

	for _, dark := range []bool{false, true} {
		t.Run(name(dark), func(t *testing.T) {
			tab := b.Open(t, View{1440, dark})
			before(tab, violationsScript)
			for _, p := range pages {
				r, err := http.Head(address + p)
				if err != nil {
					t.Fatal(err)
				}
				r.Body.Close()
				if got := r.Header.Get("Content-Security-Policy"); got != policy[1] {
					t.Errorf("%s is served with the policy %q", p, got)
				}
				tab.Visit(address + p)
				for _, v := range violations(tab) {
					t.Errorf("%s: blocked: %s", p, v)
				}
				for _, c := range tab.Complaints() {
					t.Errorf("%s: %s", p, c)
				}
				if !Eval[bool](tab, "document.querySelectorAll('.appearance button').length === 2") {
					t.Errorf("%s has no buttons for the colours", p)
				}
			}
			tab.Visit(address + pager)
			click(tab, flip)
			if got := Eval[looks](tab, looksScript); got.Background != background(!dark) {
				t.Errorf("after a click: %+v", got)
			}
			for _, v := range violations(tab) {
				t.Errorf("after a click: blocked: %s", v)
			}
		})
	}
	t.Run("faults", func(t *testing.T) { testBlocked(t, b, public, address) })
}

// testBlocked plants what the policy is there to block, and wants the browser
// to block it, and this test to see that.
func testBlocked(t *testing.T, b *Browser, public, address string) {
	data, err := os.ReadFile(filepath.Join(public, "about", "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct{ html, want string }{
		{`<p style="color:red">x</p>`, "style-src-attr inline"},
		{`<style>p{color:red}</style>`, "style-src-elem inline"},
		{`<script>window.ran = true</script>`, "script-src-elem inline"},
		{`<button onclick="window.ran = true" id=planted>x</button>`, "script-src-attr inline"},
		{`<a href="javascript:window.ran=true" id=planted>x</a>`, "script-src-elem inline"},
		{`<img src=https://duskpress.example/x.png alt="">`, "img-src https://duskpress.example/x.png"},
		{`<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" alt="">`, "img-src data"},
		{`<script src=https://duskpress.example/x.js></script>`, "script-src-elem https://duskpress.example/x.js"},
		{`<link rel=stylesheet href=https://duskpress.example/x.css>`, "style-src-elem https://duskpress.example/x.css"},
		{`<iframe src=https://duskpress.example/></iframe>`, "frame-src https://duskpress.example"},
		{`<form action=https://duskpress.example/x id=planted><button>x</button></form>`, "form-action https://duskpress.example"},
		{`<base href=https://duskpress.example/>`, "base-uri https://duskpress.example"},
		{`<object data=/favicon.svg></object>`, "object-src " + address + "/favicon.svg"},
	} {
		at := fmt.Sprintf("/blocked/%d/", i)
		page := strings.Replace(string(data), "</main>", c.html+"</main>", 1)
		sitetest.Write(t, filepath.Join(public, filepath.FromSlash(at), "index.html"), page)
		tab := b.Open(t, View{Width: 1440})
		before(tab, violationsScript)
		tab.Visit(address + at)
		if strings.Contains(c.html, "id=planted") {
			// Not at once: the answer could be lost in a navigation that is about to be blocked.
			Eval[bool](tab, `(() => { const el = document.querySelector("#planted"); setTimeout(() => el.requestSubmit ? el.requestSubmit() : el.click()); return true })()`)
		}
		until(tab, "violations.length")
		seen := violations(tab)
		if !slices.ContainsFunc(seen, func(v string) bool { return strings.HasPrefix(v, c.want) }) {
			t.Errorf("%s: blocked %q, want %q", c.html, seen, c.want)
		}
		if Eval[bool](tab, "!!window.ran") {
			t.Errorf("%s: the script ran", c.html)
		}
		// Chromium announces a request before it asks the policy.
		complaints := strings.Join(tab.Complaints(), "\n")
		if strings.Contains(complaints, "a request to ") && !regexp.MustCompile(`(?m)^loading a .* csp$`).MatchString(complaints) {
			t.Errorf("%s was asked for: %s", c.html, complaints)
		}
	}
}
