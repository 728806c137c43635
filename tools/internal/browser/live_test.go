package browser

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"duskpress/tools/internal/sitetest"
)

// writing is a site that `duskpress serve` serves while a test edits it.
type writing struct {
	t         *testing.T
	dir, base string
	out       string // a file
	cmd       *exec.Cmd
}

// serveWriting starts the command; it ends with the test.
func serveWriting(t *testing.T, args ...string) *writing {
	t.Helper()
	w := &writing{t: t, dir: t.TempDir()}
	sitetest.CopyRepoSite(t, w.dir)
	// Pictures take their time, and are not what is looked at here.
	if err := os.RemoveAll(filepath.Join(w.dir, "content", "posts", "every-mark-on-one-page")); err != nil {
		t.Fatal(err)
	}
	w.edit("config.toml", "cards = \"auto\"", "cards = false")
	w.write("content/posts/draft.md", "+++\ntitle = \"A draft\"\ndate = 2026-11-01\ndraft = true\ndescription = \"Words.\"\n+++\n\nNot yet.\n")
	w.write("content/posts/edited.md", "+++\ntitle = \"Edited\"\ndate = 2026-11-02\ndescription = \"Words.\"\n+++\n\n"+strings.Repeat("A paragraph.\n\n", 200)+"The last word.\n")
	w.out = filepath.Join(t.TempDir(), "out")
	out, err := os.Create(w.out)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	w.cmd = exec.Command(sitetest.Tool(t), append([]string{"serve", "--port", "0"}, args...)...)
	w.cmd.Dir, w.cmd.Env, w.cmd.Stdout, w.cmd.Stderr = w.dir, sitetest.Env(), out, out
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.end)
	w.base = w.says(`serving (http://\S+/);`)
	return w
}

func (w *writing) end() {
	_ = w.cmd.Process.Kill() // it may have ended
	_ = w.cmd.Wait()
}

// says waits until the command has said something, and returns the part of it.
func (w *writing) says(want string) string {
	w.t.Helper()
	re := regexp.MustCompile(want)
	for end := time.Now().Add(2 * stepLimit); ; time.Sleep(20 * time.Millisecond) {
		data, err := os.ReadFile(w.out)
		if err != nil {
			w.t.Fatal(err)
		}
		if m := re.FindSubmatch(data); m != nil {
			return string(m[len(m)-1])
		}
		if time.Now().After(end) {
			w.t.Fatalf("serve never says %s:\n%s", want, data)
		}
	}
}

func (w *writing) write(name, data string) {
	w.t.Helper()
	sitetest.Write(w.t, filepath.Join(w.dir, filepath.FromSlash(name)), data)
}

func (w *writing) read(name string) string {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, filepath.FromSlash(name)))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(data)
}

func (w *writing) edit(name, from, to string) {
	w.t.Helper()
	data := w.read(name)
	if !strings.Contains(data, from) {
		w.t.Fatalf("%s has no %q", name, from)
	}
	w.write(name, strings.Replace(data, from, to, 1))
}

// becomes waits until an expression is true in a page that may be loaded anew
// meanwhile.
func becomes(tab *Tab, expression string) {
	tab.t.Helper()
	var last error
	for end := time.Now().Add(2 * stepLimit); ; time.Sleep(20 * time.Millisecond) {
		ctx, cancel := context.WithTimeout(tab.ctx, stepLimit)
		yes, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		cancel()
		if err == nil && yes {
			return
		}
		last = err
		if time.Now().After(end) {
			tab.t.Fatalf("%s: never true: %s (%v)", tab.url, expression, last)
		}
	}
}

const (
	inPanel = `document.querySelector("duskpress-live")?.shadowRoot.querySelector(".panel:not([hidden])")`
	inMark  = `document.querySelector("duskpress-live")?.shadowRoot.querySelector(".mark")`
)

func TestWriting(t *testing.T) {
	b := Start(t)
	w := serveWriting(t, "--editor", "vscode")
	tab := b.Open(t, View{1440, false})
	tab.Visit(w.base + "posts/edited/")
	becomes(tab, "document.querySelector('duskpress-live')")
	if Eval[bool](tab, inPanel+" || "+inMark+" ? true : false") {
		t.Error("a panel, or a mark, where nothing is wrong")
	}

	t.Run("body", func(t *testing.T) {
		Eval[any](tab, "window.old = true; scrollTo(0, 3000)")
		w.edit("content/posts/edited.md", "The last word.", "The very last word.")
		becomes(tab, "document.body.innerText.includes('very last word')")
		becomes(tab, "scrollY == 3000")
		if Eval[bool](tab, "!!window.old") {
			t.Error("the page was not loaded anew")
		}
	})

	t.Run("another page", func(t *testing.T) {
		Eval[any](tab, "window.old = true")
		w.edit("content/about.md", "What a reader may count on", "What readers may count on")
		w.says(`(?s)content/about.md has changed.*serving`)
		other := b.Open(t, View{1440, false})
		other.Visit(w.base + "about/")
		becomes(other, "document.body.innerText.includes('What readers')")
		if !Eval[bool](tab, "!!window.old") {
			t.Error("a page was loaded anew for the sake of another")
		}
	})

	t.Run("style sheet", func(t *testing.T) {
		Eval[any](tab, "window.old = true; scrollTo(0, 2000)")
		w.write("theme/assets/css/base.css", w.read("theme/assets/css/base.css")+"\nbody { border-inline-start: 7px solid rgb(1, 2, 3); }\n")
		becomes(tab, "getComputedStyle(document.body).borderInlineStartWidth === '7px'")
		becomes(tab, "document.querySelectorAll('link[rel=stylesheet]').length === 1")
		if !Eval[bool](tab, "!!window.old && scrollY == 2000") {
			t.Error("the page was loaded anew for a style sheet, or moved")
		}
	})

	t.Run("broken template", func(t *testing.T) {
		page := w.read("theme/layouts/page.html")
		// What was shown of the save before, while its build still goes on, does not
		// make the page as new as this one.
		w.write("theme/assets/css/base.css", w.read("theme/assets/css/base.css")+"\nbody { border-inline-start: 9px solid rgb(1, 2, 3); }\n")
		becomes(tab, "getComputedStyle(document.body).borderInlineStartWidth === '9px'")
		w.write("theme/layouts/page.html", page+"\n{{ .Nothing }\n")
		becomes(tab, inPanel)
		text := Eval[string](tab, inPanel+".innerText")
		for _, want := range []string{"older than its sources", "theme/layouts/page.html:", "error"} {
			if !strings.Contains(text, want) {
				t.Errorf("the panel lacks %q:\n%s", want, text)
			}
		}
		if link := Eval[string](tab, inPanel+".querySelector('a')?.href ?? ''"); !strings.HasPrefix(link, "vscode://file/") || !strings.Contains(link, "/theme/layouts/page.html:") {
			t.Errorf("the editor is called with %q", link)
		}
		if !Eval[bool](tab, "document.body.innerText.includes('very last word')") {
			t.Error("the last good page has gone")
		}
		// Another page says so too, from when it is loaded.
		other := b.Open(t, View{320, true})
		other.Visit(w.base)
		becomes(other, inPanel)
		if Eval[bool](other, "document.documentElement.scrollWidth > 320") {
			t.Error("the panel makes a narrow page wider")
		}
		w.write("theme/layouts/page.html", page)
		becomes(tab, "!"+inPanel)
		becomes(other, "!"+inPanel)
	})

	t.Run("warning", func(t *testing.T) {
		w.edit("content/posts/edited.md", "The very last word.", "The very last ** word** there.")
		becomes(tab, "document.body.innerText.includes('there.') && "+inPanel+"?.innerText.includes('content/posts/edited.md:')")
		click := inPanel + ".querySelector('button').click()"
		Eval[any](tab, click)
		if Eval[bool](tab, inPanel+" ? true : false") {
			t.Error("the panel cannot be closed")
		}
		w.edit("content/posts/edited.md", "** word**", "word")
		becomes(tab, "document.body.innerText.includes('last word there.') && !"+inPanel)
	})

	t.Run("draft", func(t *testing.T) {
		other := b.Open(t, View{1440, false})
		other.Visit(w.base + "posts/draft/")
		becomes(other, inMark+"?.textContent === 'draft'")
	})

	for _, c := range tab.Complaints() {
		t.Error(c)
	}

	t.Run("ended", func(t *testing.T) {
		w.end()
		becomes(tab, inPanel+"?.innerText.includes('does not answer')")
	})
}

func TestNavigate(t *testing.T) {
	b := Start(t)
	w := serveWriting(t, "--navigate")
	tab := b.Open(t, View{1440, true})
	tab.Visit(w.base + "about/")
	becomes(tab, "document.querySelector('duskpress-live')")
	w.edit("content/posts/edited.md", "The last word.", "The very last word.")
	becomes(tab, "location.pathname === '/posts/edited/' && document.body.innerText.includes('very last word')")
	for _, c := range tab.Complaints() {
		t.Error(c)
	}
}

// TestSaveDuringBuild saves while a build is on its way: what comes last is
// what is seen.
func TestSaveDuringBuild(t *testing.T) {
	b := Start(t)
	w := serveWriting(t)
	tab := b.Open(t, View{1440, true})
	tab.Visit(w.base + "posts/edited/")
	becomes(tab, "document.querySelector('duskpress-live')")
	for _, words := range []string{"first", "second", "third", "fourth", "fifth"} {
		data := w.read("content/posts/edited.md")
		at := strings.LastIndex(data, "\n\n")
		w.write("content/posts/edited.md", data[:at]+"\n\nSaved "+words+".\n")
		time.Sleep(70 * time.Millisecond)
	}
	becomes(tab, "document.body.innerText.includes('Saved fifth.')")
	r, err := http.Get(w.base + "posts/edited/")
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if got := r.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("a browser may keep a page: %q", got)
	}
}
