// Package browser lets tests look at a built site as a reader does, with a
// headless Chromium.
//
// In goes a directory with a site, served on loopback with its own headers; out come what scripts
// in its pages return and what the browser complained about. The browser finds
// no other host, keeps nothing, and lives as long as the test that started it.
// Every step has a deadline. The package never waits for a fixed time.
package browser

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"duskpress/tools/internal/testenv"
	"duskpress/tools/serve"
)

const (
	startLimit = 3 * time.Minute // on a busy machine with a cold disk
	stepLimit  = 2 * time.Minute
)

// Browser is a running Chromium.
type Browser struct{ ctx context.Context }

// Start runs a browser until the test and its subtests end. Without one on
// this machine the test is skipped, or fails where that is required.
func Start(t testing.TB) *Browser {
	t.Helper()
	path := find()
	if path == "" {
		testenv.Lacks(t, testenv.Browser, "the site is not looked at: no chromium, chromium-browser or google-chrome in PATH")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("no-sandbox", true),
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
	)
	allocator, free := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		end, stop := context.WithTimeout(ctx, stepLimit)
		defer stop()
		if err := chromedp.Cancel(end); err != nil {
			t.Logf("closing %s: %v", path, err)
		}
		cancel()
		free()
	})
	if err := first(ctx, cancel, startLimit); err != nil {
		t.Fatalf("starting %s: %v", path, err)
	}
	return &Browser{ctx}
}

func find() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// first runs the steps that give a context its browser or tab. These live as
// long as the context of that run, so it must not have a deadline itself.
func first(ctx context.Context, cancel func(), limit time.Duration, steps ...chromedp.Action[chromedp.Void]) error {
	timer := time.AfterFunc(limit, cancel)
	defer timer.Stop()
	return chromedp.Do(ctx, steps...)
}

// View is how a page is looked at.
type View struct {
	Width int  // of the window, in CSS pixels
	Dark  bool // what the reader prefers
}

func (v View) String() string {
	if v.Dark {
		return fmt.Sprintf("%dpx-dark", v.Width)
	}
	return fmt.Sprintf("%dpx-light", v.Width)
}

// Tab is one window, for one goroutine.
type Tab struct {
	t   testing.TB
	ctx context.Context
	url string

	mu         sync.Mutex
	complaints []string
}

// Open opens a tab until the end of the test.
func (b *Browser) Open(t testing.TB, v View) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	t.Cleanup(cancel)
	scheme := "light"
	if v.Dark {
		scheme = "dark"
	}
	tab := &Tab{t: t, ctx: ctx}
	// Not a mobile device: there a page that is too wide is zoomed out, and
	// nothing seems to stick out of it.
	err := first(ctx, cancel, stepLimit, chromedp.EmulateViewport(int64(v.Width), 900),
		chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
			})
			return err
		}))
	if err == nil {
		err = chromedp.Listen(ctx, tab.listen)
	}
	if err != nil {
		t.Fatalf("opening a tab: %v", err)
	}
	return tab
}

// Visit loads a page and all that it asks for.
func (tab *Tab) Visit(url string) {
	tab.t.Helper()
	tab.url = url
	ctx, cancel := context.WithTimeout(tab.ctx, stepLimit)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		tab.t.Fatalf("%s: %v", url, err)
	}
}

// Eval returns the value of an expression in the page that tab shows.
func Eval[T any](tab *Tab, expression string) T {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, stepLimit)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		tab.t.Fatalf("%s: %v\nin %s", tab.url, err, expression)
	}
	return v
}

// Await is Eval for an expression that may be a promise, and waits for it.
func Await[T any](tab *Tab, expression string) T {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, stepLimit)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		tab.t.Fatalf("%s: %v\nin %s", tab.url, err, expression)
	}
	return v
}

// Complaints returns, and forgets, what was wrong since the last call: errors
// and warnings on the console, what could not be loaded, and requests that
// would have left this machine.
func (tab *Tab) Complaints() []string {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	all := tab.complaints
	tab.complaints = nil
	return all
}

func (tab *Tab) listen(event any) {
	complaint := ""
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeAssert {
			complaint = string(e.Type) + " on the console:"
			for _, arg := range e.Args {
				complaint += " " + string(arg.Value) + arg.Description
			}
		}
	case *runtime.EventExceptionThrown:
		complaint = "exception: " + e.ExceptionDetails.Text
		if x := e.ExceptionDetails.Exception; x != nil {
			complaint += " " + x.Description
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			complaint = fmt.Sprintf("%s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL)
		}
	case *network.EventLoadingFailed:
		complaint = fmt.Sprintf("loading a %s: %s %s", e.Type, e.ErrorText, e.BlockedReason)
	case *network.EventRequestWillBeSent:
		if !local(e.Request.URL) {
			complaint = "a request to " + e.Request.URL
		}
	}
	if complaint != "" {
		tab.mu.Lock()
		tab.complaints = append(tab.complaints, complaint)
		tab.mu.Unlock()
	}
}

func local(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "data", "blob", "about":
		return true
	}
	return net.ParseIP(u.Hostname()).IsLoopback()
}

// Serve serves a site on loopback as its web host does, with the headers of its
// _headers, until the end of the test, and returns its address without a slash
// at the end. The directory may be made later.
func Serve(t testing.TB, dir string) string { return ServeHandler(t, serve.New(dir, "", nil)) }

// ServeHandler is Serve for any handler.
func ServeHandler(t testing.TB, h http.Handler) string {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}
