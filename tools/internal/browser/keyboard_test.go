package browser

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
)

// press sends one key, as a keyboard would.
func press(tab *Tab, key, code string, vk int64) {
	tab.t.Helper()
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
		call(tab, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: kind, Key: key, Code: code, WindowsVirtualKeyCode: vk})
	}
}

// focusScript says what has the focus, whether a reader can see that, and
// whether it is inside of the window.
const focusScript = `(() => {
  const el = document.activeElement;
  if (!el || el == document.body) return {id: -1};
  const box = el.getBoundingClientRect(), style = getComputedStyle(el);
  return {
    id: [...document.querySelectorAll("*")].indexOf(el),
    name: el.tagName + " " + (el.textContent || el.ariaLabel || "").trim().slice(0, 40),
    ring: style.outlineStyle != "none" && parseFloat(style.outlineWidth) >= 2,
    inside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
})()`

// stopsScript lists what a keyboard has to reach: what does something and shows.
// Of a closed <details> only the summary shows.
const stopsScript = `[...document.querySelectorAll("a[href], button, input, summary, [tabindex='0']")]
  .filter((el) => !el.disabled && el.checkVisibility({visibilityProperty: true}) && el.tabIndex >= 0)
  .map((el) => [...document.querySelectorAll("*")].indexOf(el))`

type focus struct {
	ID     int    `json:"id"`
	Name   string `json:"name"`
	Ring   bool   `json:"ring"`
	Inside bool   `json:"inside"`
}

// walk presses Tab from the top of a page to its end.
func walk(tab *Tab, wrong func(string, ...any)) (reached []int) {
	tab.t.Helper()
	frames(tab) // until the scripts know what is too wide
	stops := Eval[[]int](tab, stopsScript)
	seen := make(map[int]bool)
	if f := Eval[focus](tab, focusScript); f.ID >= 0 {
		seen[f.ID] = true
		reached = append(reached, f.ID)
	}
	for range len(stops) + 20 {
		press(tab, "Tab", "Tab", 9)
		f := Eval[focus](tab, focusScript)
		if f.ID < 0 || seen[f.ID] {
			break
		}
		seen[f.ID] = true
		reached = append(reached, f.ID)
		if !f.Ring {
			wrong("%s has the focus, and nobody can see it", f.Name)
		}
		if !f.Inside {
			wrong("%s has the focus outside of the window", f.Name)
		}
	}
	for _, id := range stops {
		if !seen[id] {
			wrong("the keyboard does not reach %s", Eval[string](tab, fmt.Sprintf(`document.querySelectorAll("*")[%d].outerHTML.slice(0, 120)`, id)))
		}
	}
	for i := 1; i < len(reached); i++ {
		if reached[i] < reached[i-1] {
			wrong("the focus goes back from element %d to %d", reached[i-1], reached[i])
		}
	}
	return reached
}

// TestKeyboard goes through every kind of page with the Tab key alone: all that
// does something is reached in the order of the page, and shows that it is.
func TestKeyboard(t *testing.T) {
	b := Start(t)
	public, address := buildSite(t)
	pages := []string{"/", pager, "/posts/every-mark-on-one-page/", "/posts/", "/archive/", "/tags/", "/tags/go/", "/series/", "/search/", "/about/", "/404.html"}
	for _, p := range pages {
		if p != "/404.html" && !exists(public, p) {
			t.Fatalf("there is no %s", p)
		}
	}
	for _, v := range []View{{320, false}, {1440, true}} {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			tab := b.Open(t, v)
			for _, p := range pages {
				tab.Visit(address + p)
				if p == "/search/" {
					// Its field has the focus from the start.
					Eval[bool](tab, `document.querySelector(".skip").focus(), true`)
				}
				if n := walk(tab, func(format string, args ...any) { t.Errorf(p+": "+format, args...) }); len(n) < 4 {
					t.Errorf("%s: %d stops", p, len(n))
				}
			}
		})
	}
	t.Run("skip", func(t *testing.T) {
		tab := b.Open(t, View{320, false})
		tab.Visit(address + "/")
		press(tab, "Tab", "Tab", 9)
		Eval[bool](tab, "document.activeElement.click(), true")
		until(tab, `document.activeElement.id == "main"`)
	})
	t.Run("faults", func(t *testing.T) {
		for rule, want := range map[string]string{
			":focus-visible { outline: 0 !important }":  "nobody can see it",
			".tags a { position: fixed; left: -999px }": "outside of the window",
		} {
			tab := b.Open(t, View{1440, false})
			tab.Visit(address + "/")
			addStyle(tab, rule)
			found := ""
			walk(tab, func(format string, args ...any) { found += fmt.Sprintf(format, args...) + "\n" })
			if !strings.Contains(found, want) {
				t.Errorf("with %s: %q, want %q", rule, found, want)
			}
		}
	})
}
