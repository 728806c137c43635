package browser

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/chroma/v2"
	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"duskpress/tools/internal/sitetest"
)

var (
	//go:embed testdata/code.md
	codePost string
	//go:embed testdata/tokens.js
	tokensScript string
)

const (
	coded   = "/posts/coded/"
	snippet = "package part\n\n// V is a value.\nvar V = 1\n"
)

// The blocks of testdata/code.md, without the newline at the end, as they are
// copied. Prompts are not.
var codeBlocks = []string{
	"func main() {\n\tprintln(\"two  spaces\", \"and a line that is far too long for the column of a page, wherever it is read, so that it has to scroll\")\n\n\tprintln(1 < 2 && 3 > 2)\n}",
	"def f(a: int) -> str:\n    return \"a line that is far too long for the column of a page, wherever it is read, so that it has to be scrolled\"  # really\n    # the last",
	"echo one  two\none  two",
	"- removed\n+ added",
	"cat a | wc -l",
	"bare   fence with a line that is far too long for the column of a page, wherever it is read, so that it has to be scrolled\n\ttab and blank lines\n\n",
	"indented   block with a line that is far too long for the column of a page, wherever it is read, so that it has to be scrolled",
	strings.TrimSuffix(snippet, "\n"),
}

// movedScript collects in window.moved what moves while a page is loaded.
const movedScript = `window.moved = [];
new PerformanceObserver((list) => {
  for (const e of list.getEntries()) for (const s of e.sources) moved.push(e.value + ": " + (s.node?.outerHTML ?? s.node?.data ?? "").slice(0, 80) + " from " + JSON.stringify(s.previousRect) + " to " + JSON.stringify(s.currentRect));
}).observe({type: "layout-shift", buffered: true});`

func buildCode(t *testing.T) (public string) {
	t.Helper()
	dir := t.TempDir()
	sitetest.CopyRepoSite(t, dir)
	sitetest.Write(t, filepath.Join(dir, "content", "posts", "coded.md"), codePost)
	sitetest.Write(t, filepath.Join(dir, "snippets", "part.go"), snippet)
	sitetest.Write(t, filepath.Join(dir, "content", "posts", "plain.md"), "## Plain\n#### 2026-01-03\n\nNo code, and no table of contents.\n")
	sitetest.MustBuild(t, dir)
	return filepath.Join(dir, "public")
}

func TestCode(t *testing.T) {
	b := Start(t)
	public := buildCode(t)
	address := serveStrict(t, public, false)

	t.Run("bytes", func(t *testing.T) { testPageScript(t, public) })

	t.Run("no script", func(t *testing.T) {
		tab := b.Open(t, View{320, false})
		call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		tab.Visit(address + coded)
		if n := Eval[int](tab, `document.querySelectorAll("main button, .tools").length`); n != 0 {
			t.Errorf("%d buttons without scripts", n)
		}
		// What scrolls can be scrolled with the keyboard.
		lost := Eval[[]string](tab, `[...document.querySelectorAll(".prose *")].filter((el) => getComputedStyle(el).overflowX === "auto" && el.scrollWidth > el.clientWidth
			&& !el.matches("[tabindex='0']") && !el.querySelector("[tabindex='0']")).map((el) => el.outerHTML.slice(0, 80))`)
		for _, el := range lost {
			t.Errorf("no key scrolls %s", el)
		}
	})

	for _, v := range views {
		t.Run(v.String(), func(t *testing.T) {
			tab := b.Open(t, v)
			before(tab, movedScript)
			tab.Visit(address + coded)
			frames(tab)
			for _, moved := range Eval[[]string](tab, "moved") {
				t.Errorf("the page moves: %s", moved)
			}
			_, wrong := lookAtPage(tab)
			wrong = append(wrong, lookAtCode(tab)...)
			wrong = append(wrong, lookAtTokens(tab)...)
			for _, w := range wrong {
				t.Error(w)
			}
		})
	}

	t.Run("finger", func(t *testing.T) { testFinger(t, b, address) })
	t.Run("copied", func(t *testing.T) { testCopied(t, b, address) })
	t.Run("wrapped", func(t *testing.T) { testWrapped(t, b, address) })
	t.Run("anchors", func(t *testing.T) { testAnchors(t, b, address) })
	t.Run("section", func(t *testing.T) { testSection(t, b, address) })

	// Planted faults are found.
	t.Run("faults", func(t *testing.T) {
		plain := Serve(t, public)
		tab := b.Open(t, View{320, false})
		for rule, want := range map[string]string{
			".ln, .lnt { user-select: text !important }":                                 "a selection",
			".hl { display: inline !important }":                                         "marked line",
			".c1 { color: #999 !important }":                                             "c1 on panel",
			".gd { background: #93244f !important }":                                     "gd on panel",
			".tools { inset-block-start: 1em !important }":                               "covers",
			".bar { padding: 0 1em !important; text-align: end }":                        "covers a \"quoted\"",
			".tools button { height: 20px; overflow: hidden; line-height: 1 !important}": "high",
		} {
			tab.Visit(plain + coded)
			addStyle(tab, rule)
			wrong := append(lookAtCode(tab), lookAtTokens(tab)...)
			if !strings.Contains(strings.Join(wrong, "\n"), want) {
				t.Errorf("with %s: want a complaint with %q, got %q", rule, want, wrong)
			}
		}
	})
}

// testFinger looks for what is hit around the buttons of code on a touch screen.
func testFinger(t *testing.T, b *Browser, address string) {
	tab := b.Open(t, View{320, false})
	call(tab, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: true})
	tab.Visit(address + coded)
	until(tab, `matchMedia("(pointer: coarse)").matches`)
	frames(tab)
	small := func() []string {
		return Eval[[]string](tab, `[...document.querySelectorAll(".tools button:enabled")].map((button) => {
  button.scrollIntoView({block: "center"});
  const {left, right, top, bottom} = button.getBoundingClientRect(), x = (left + right) / 2, y = (top + bottom) / 2;
  const hit = (x, y) => document.elementFromPoint(x, y) === button;
  let height = 0, width = 0;
  for (let d = -40; d <= 40; d++) height += hit(x, y + d), width += hit(x + d, y);
  return height < 44 || width < 44 ? button.textContent + ": " + width + " by " + height + " px" : "";
}).filter((s) => s)`)
	}
	for _, s := range small() {
		t.Errorf("too small for a finger: %s", s)
	}
	addStyle(tab, ".tools button::after { display: none !important }")
	if len(small()) == 0 {
		t.Error("a button that is too small is not seen")
	}
}

// addStyle plants a fault.
func addStyle(tab *Tab, rule string) {
	tab.t.Helper()
	Eval[bool](tab, fmt.Sprintf("(() => { const s = new CSSStyleSheet(); s.replaceSync(%q); document.adoptedStyleSheets = [...document.adoptedStyleSheets, s]; return true })()", rule))
}

// lookAtCode checks the geometry of the blocks of testdata/code.md.
func lookAtCode(tab *Tab) []string {
	return Eval[[]string](tab, `(() => {
  const wrong = [];
  const blocks = [...document.querySelectorAll(".prose pre > code")].filter((code) => !code.querySelector(".lnt"));
  if (blocks.length !== 8) wrong.push(blocks.length + " blocks of code");
  for (const code of blocks) {
    const scroller = code.closest("div.chroma") ?? code.parentElement;
    const host = code.closest(".snippet") ?? code.closest(".highlight");
    const what = code.textContent.slice(0, 20);
    // A marked line is marked to where the longest line ends.
    for (const hl of code.querySelectorAll(".hl")) {
      if (hl.getBoundingClientRect().right < scroller.getBoundingClientRect().left + scroller.scrollWidth - 20) wrong.push("the marked line ends early in " + what);
    }
    // Numbers stand on the lines that they count.
    const numbers = host.querySelectorAll(".lnt"), lines = code.querySelectorAll(".line");
    numbers.forEach((n, i) => {
      if (Math.abs(n.getBoundingClientRect().top - lines[i].getBoundingClientRect().top) > 4) wrong.push("the number " + n.textContent.trim() + " stands beside another line");
    });
    // Nobody who selects a block gets its numbers.
    getSelection().selectAllChildren(host.querySelector(".chroma, pre"));
    const selected = getSelection().toString();
    if (numbers.length || code.querySelector(".ln")) {
      if (/^\s*\d|\n\s*\d+\s|\n\t\d/.test(selected)) wrong.push("a selection has numbers: " + JSON.stringify(selected));
      const text = code.cloneNode(true);
      for (const n of text.querySelectorAll(".ln")) n.remove();
      if (selected.trim() !== text.textContent.trim()) wrong.push("a selection is not the code: " + JSON.stringify(selected));
    }
    getSelection().removeAllRanges();
    const buttons = [...host.querySelectorAll(".tools button:enabled")];
    if (!buttons.length) wrong.push("no button at " + what);
    for (const button of buttons) {
      const box = button.getBoundingClientRect();
      if (box.height < 24 || box.width < 24) wrong.push("a button " + box.height + " high and " + box.width + " wide");
      for (const text of [code, host.querySelector(".bar, figcaption")]) {
        if (!text) continue;
        const range = document.createRange();
        range.selectNodeContents(text);
        for (const r of range.getClientRects()) {
          if (r.width && r.top + 5 < box.bottom && r.bottom > box.top && r.left < box.right && r.right > box.left) { wrong.push("a button covers " + text.textContent.slice(0, 20)); break; }
        }
      }
    }
    const wide = scroller.scrollWidth > scroller.clientWidth;
    if (wide !== (code.parentElement.tabIndex === 0)) wrong.push("a stop for the keyboard at " + what + ": " + !wide);
  }
  const bar = document.querySelector(".bar");
  if (bar?.textContent !== 'a "quoted" & <title>.go' || document.querySelector("main [title]")) wrong.push("the title is " + bar?.outerHTML);
  return wrong;
})()`)
}

// lookAtTokens measures every class of token that chroma has, on every ground
// that code can have.
func lookAtTokens(tab *Tab) []string {
	classes := slices.Sorted(maps.Values(chroma.StandardTypes))
	classes = slices.DeleteFunc(slices.Compact(classes), func(c string) bool {
		return slices.Contains([]string{"", "bg", "chroma", "cl", "line", "hl", "lnlinks", "lntable", "lntd"}, c)
	})
	if len(classes) < 70 {
		return []string{fmt.Sprintf("chroma has only %d classes", len(classes))}
	}
	list, _ := json.Marshal(classes)
	return Eval[[]string](tab, fmt.Sprintf("(%s)(%s)", tokensScript, list))
}

// testCopied presses each button, and copies each block by hand.
func testCopied(t *testing.T, b *Browser, address string) {
	tab := b.Open(t, View{1440, false})
	for _, name := range []string{"clipboard-read", "clipboard-write"} {
		call(tab, cdpbrowser.SetPermission, cdpbrowser.SetPermissionParams{
			Permission: &cdpbrowser.PermissionDescriptor{Name: name}, Setting: cdpbrowser.PermissionSettingGranted, Origin: address,
		})
	}
	call(tab, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	tab.Visit(address + coded)
	for i, want := range codeBlocks {
		Eval[bool](tab, `navigator.clipboard.writeText("nothing"), true`)
		button := fmt.Sprintf(`[...document.querySelectorAll(".tools")][%d].querySelector("button:last-child")`, i)
		Eval[bool](tab, button+`.scrollIntoView({block: "center"}), document.querySelector("#pressed")?.removeAttribute("id"), `+button+`.id = "pressed", true`)
		do(tab, chromedp.Click("#pressed"))
		status := button + `.parentElement.querySelector("[role=status]")`
		until(tab, status+`.textContent === "Copied" && `+status+`.checkVisibility()`)
		if d := cmp.Diff(want, clipboard(tab)); d != "" {
			t.Errorf("copied (-want +got):\n%s", d)
		}
		Eval[bool](tab, fmt.Sprintf(`(() => {
			const block = [...document.querySelectorAll(".tools")][%d].parentElement;
			getSelection().selectAllChildren(block.querySelector(".chroma, pre"));
			return document.execCommand("copy");
		})()`, i))
		// By hand the space after a prompt comes along.
		if d := cmp.Diff(strings.TrimSpace(want), strings.TrimSpace(clipboard(tab))); d != "" {
			t.Errorf("selected and copied (-want +got):\n%s", d)
		}
	}
	// The word goes again.
	until(tab, `[...document.querySelectorAll("[role=status]")].every((s) => s.textContent === "")`)
	for _, c := range tab.Complaints() {
		t.Error(c)
	}
}

func clipboard(tab *Tab) string {
	tab.t.Helper()
	Eval[bool](tab, `navigator.clipboard.readText().then((text) => { window.read = text }, (e) => { window.read = "" + e }), delete window.read, true`)
	until(tab, `window.read !== undefined`)
	return strings.ReplaceAll(Eval[string](tab, "window.read"), "\r\n", "\n")
}

func testWrapped(t *testing.T, b *Browser, address string) {
	tab := b.Open(t, View{320, false})
	tab.Visit(address + coded)
	button := `[...document.querySelectorAll(".tools")][1].querySelector("button")`
	pre := button + `.closest(".highlight").querySelector("pre")`
	Eval[bool](tab, button+`.id = "wrap", true`)
	for _, wrapped := range []bool{true, false} {
		do(tab, chromedp.Click("#wrap"))
		until(tab, fmt.Sprintf(`(%s.scrollWidth <= %[1]s.clientWidth) === %v && %s.getAttribute("aria-pressed") === "%[2]v" && !%[3]s.disabled`, pre, wrapped, button))
	}
	if Eval[bool](tab, `[...document.querySelectorAll(".tools")][0].querySelector("button").checkVisibility({visibilityProperty: true})`) {
		t.Error("lines beside a table of numbers could wrap")
	}
	if Eval[bool](tab, `[...document.querySelectorAll(".tools")][4].querySelector("button").checkVisibility({visibilityProperty: true})`) {
		t.Error("a block that fits has a button to wrap it")
	}
	for _, c := range tab.Complaints() {
		t.Error(c)
	}
}

func testAnchors(t *testing.T, b *Browser, address string) {
	tab := b.Open(t, View{1440, true})
	tab.Visit(address + coded + "#py-3")
	got := Eval[[]string](tab, `[...document.querySelectorAll("[id^=py-]")].map((n) => getComputedStyle(n.closest(".line")).backgroundColor)`)
	mark := Eval[string](tab, `getComputedStyle(document.querySelector(".hl")).backgroundColor`)
	if d := cmp.Diff([]string{"rgba(0, 0, 0, 0)", mark, mark}, got); d != "" {
		t.Errorf("grounds of the lines, the second marked by the author and the third asked for (-want +got):\n%s", d)
	}
	small := Eval[[]string](tab, `[...document.querySelectorAll(".lnlinks")].map((a) => a.getBoundingClientRect().height + " " + a.getBoundingClientRect().width).filter((s) => s.split(" ").some((n) => n < 24))`)
	for _, s := range small {
		t.Errorf("a number to click is %s px high and wide", s)
	}
}

// testSection scrolls from section to section.
func testSection(t *testing.T, b *Browser, address string) {
	tab := b.Open(t, View{1440, false})
	tab.Visit(address + coded)
	const current = `[...document.querySelectorAll(".toc [aria-current]")].map((a) => a.hash).join()`
	if got := Eval[string](tab, current); got != "" && got != "#numbers-in-a-table" {
		t.Errorf("at the top the current section is %q", got)
	}
	width := Eval[float64](tab, `document.querySelector(".toc").scrollWidth`)
	for _, id := range []string{"no-numbers", "numbers-in-the-line", "no-numbers"} {
		Eval[bool](tab, fmt.Sprintf(`document.getElementById(%q).scrollIntoView(), true`, id))
		until(tab, current+` === "#`+id+`"`)
	}
	// At the end of the page no heading comes up any more.
	for _, id := range []string{"shorter", "shortest", "short"} {
		do(tab, chromedp.Click(`.toc a[href="#`+id+`"]`))
		until(tab, current+` === "#`+id+`"`)
	}
	Eval[bool](tab, `scrollTo(0, 0), true`)
	until(tab, current+` !== "#short"`)
	Eval[bool](tab, `document.getElementById("no-numbers").scrollIntoView(), true`)
	until(tab, current+` === "#no-numbers"`)
	Eval[bool](tab, `history.replaceState(null, "", location.pathname), scrollTo(0, document.body.scrollHeight), true`)
	if w := Eval[float64](tab, `document.querySelector(".toc").scrollWidth`); w != width {
		t.Errorf("the table of contents is %v px wide, and was %v", w, width)
	}
	// Where the mouse rests since the last click a link looks otherwise.
	colors := Eval[[]string](tab, `[".toc [aria-current]", ".toc a:not([aria-current], :hover)"].flatMap((s) => [...document.querySelectorAll(s)]).map((a) => getComputedStyle(a).borderInlineStartColor + (a.matches(":hover") ? "" : getComputedStyle(a).color)).filter((c, i, all) => all.indexOf(c) === i)`)
	if len(colors) != 2 {
		t.Errorf("the current section does not show: %q", colors)
	}
}

// testPageScript holds the script to its budget, and to the pages that need it.
func testPageScript(t *testing.T, public string) {
	for page, want := range map[string]bool{coded: true, "/posts/plain/": false, "/": false, "/archive/": false} {
		data, err := os.ReadFile(filepath.Join(public, filepath.FromSlash(page), "index.html"))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(data), "/js/page."); got != want {
			t.Errorf("%s asks for the script of pages: %v", page, got)
		}
	}
	sum := 0
	for _, script := range []string{"first", "site", "page"} {
		raw, zip := weigh(t, public, "js/"+script+".*.js")
		t.Logf("%s: %d bytes, %d gzip", script, raw, zip)
		sum += zip
	}
	if sum > 2<<10 {
		t.Errorf("the scripts of a post have %d bytes gzip", sum)
	}
}
