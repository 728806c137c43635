package external

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A host is a server with faults, which notes what it was asked.
type host struct {
	*httptest.Server
	mu     sync.Mutex
	asked  []string
	times  []time.Time
	active atomic.Int32
	most   atomic.Int32
	robots string
	again  map[string]int
}

func newHost(t *testing.T, robots string) *host {
	h := &host{robots: robots, again: make(map[string]int)}
	h.Server = httptest.NewServer(h)
	h.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(h.Close)
	return h
}

func (h *host) address() string { return h.Listener.Addr().String() }

func (h *host) log() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.asked...)
}

func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if n := h.active.Add(1); n > h.most.Load() {
		h.most.Store(n)
	}
	defer h.active.Add(-1)
	h.mu.Lock()
	h.asked = append(h.asked, r.Method+" "+r.URL.Path)
	h.times = append(h.times, time.Now())
	h.again[r.URL.Path]++
	times := h.again[r.URL.Path]
	h.mu.Unlock()
	switch p := r.URL.Path; p {
	case "/robots.txt":
		if h.robots == "" {
			http.NotFound(w, r)
			return
		}
		io.WriteString(w, h.robots)
	case "/nohead", "/nohead-403", "/nohead-404":
		if r.Method == http.MethodHead {
			w.WriteHeader(map[string]int{"/nohead": 405, "/nohead-403": 403, "/nohead-404": 404}[p])
		}
	case "/404", "/410", "/401", "/403", "/500":
		var n int
		fmt.Sscan(p[1:], &n)
		w.WriteHeader(n)
	case "/moved":
		http.Redirect(w, r, "/ok", http.StatusMovedPermanently)
	case "/found":
		http.Redirect(w, r, "/ok", http.StatusFound)
	case "/moved-gone":
		http.Redirect(w, r, "/404", http.StatusMovedPermanently)
	case "/moved-found":
		http.Redirect(w, r, "/found", http.StatusPermanentRedirect)
	case "/loop":
		http.Redirect(w, r, "/loop", http.StatusFound)
	case "/tomail":
		w.Header().Set("Location", "mailto:a@b.c")
		w.WriteHeader(http.StatusFound)
	case "/slow":
		select {
		case <-r.Context().Done():
		case <-time.After(30 * time.Second):
		}
	case "/reset":
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		}
	case "/reset-head":
		if r.Method == http.MethodHead {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				conn.Close()
			}
		}
	case "/wait":
		if times == 1 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	case "/wait-long":
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	case "/busy":
		if times == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	case "/down":
		w.WriteHeader(http.StatusServiceUnavailable)
	case "/huge":
		if r.Method == http.MethodHead {
			w.WriteHeader(405)
			return
		}
		block := make([]byte, 1<<16)
		for range 100_000 { // more than six gigabytes
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
}

// checker asks the hosts and nothing else.
func checker(t *testing.T, resolve map[string]string) *Checker {
	var d net.Dialer
	return &Checker{
		// Long enough for a handshake on a machine that has much else to do.
		Timeout: 3 * time.Second, Pause: time.Millisecond, MaxWait: 2 * time.Second, Resolve: resolve,
		dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			switch {
			case strings.HasPrefix(address, "127.0.0.1:"):
				return d.DialContext(ctx, network, address)
			case strings.HasPrefix(address, "unknown.example:"):
				return nil, &net.DNSError{Err: "no such host", Name: "unknown.example", IsNotFound: true}
			case strings.HasPrefix(address, "far.example:"):
				return nil, &net.OpError{Op: "dial", Err: syscall.ENETUNREACH}
			}
			t.Errorf("asks the network for %s", address)
			return nil, errors.New("not in a test")
		},
	}
}

func TestOutcomes(t *testing.T) {
	h := newHost(t, "User-agent: *\nDisallow: /private\nAllow: /private/open$\n")
	tls := httptest.NewTLSServer(http.NotFoundHandler())
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	defer tls.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	c := checker(t, map[string]string{
		"host.example": h.address(), "tls.example": tls.Listener.Addr().String(), "example.com": tls.Listener.Addr().String(),
		"plain.example:443": h.address(), "closed.example": closed.Addr().String(),
	})
	const refused = "the host refuses connections"
	for _, w := range []struct {
		url     string
		outcome Outcome
		why     string
		moved   string
	}{
		{"http://host.example/ok", OK, "", ""},
		{"http://host.example/nohead", OK, "", ""},
		{"http://host.example/nohead-403", OK, "", ""},
		{"http://host.example/nohead-404", OK, "", ""},
		{"http://host.example/reset-head", OK, "", ""},
		{"http://host.example/404", Gone, "the host answers 404 Not Found", ""},
		{"http://host.example/410", Gone, "the host answers 410 Gone", ""},
		{"http://host.example/401", Refused, "the host answers 401 Unauthorized", ""},
		{"http://host.example/403", Refused, "the host answers 403 Forbidden", ""},
		{"http://host.example/500", Failed, "the host answers 500 Internal Server Error", ""},
		{"http://host.example/moved", OK, "", "http://host.example/ok"},
		{"http://host.example/moved-found", OK, "", "http://host.example/found"},
		{"http://host.example/moved-gone", Gone, "the host answers 404 Not Found", ""},
		{"http://host.example/found", OK, "", ""},
		{"http://host.example/loop", Failed, "it redirects more than 10 times", ""},
		{"http://host.example/tomail", Failed, "it redirects to no address", ""},
		{"http://host.example/slow", Failed, "the host did not answer within 3s", ""},
		{"http://host.example/reset", Failed, "the host closed the connection without an answer", ""},
		{"http://host.example/wait", OK, "", ""},
		{"http://host.example/busy", OK, "", ""},
		{"http://host.example/down", Failed, "the host answers 503 Service Unavailable", ""},
		{"http://host.example/huge", OK, "", ""},
		{"http://host.example/private/x", Refused, "its robots.txt asks machines not to look", ""},
		{"http://host.example/private/open", OK, "", ""},
		{"https://tls.example/", Failed, "its certificate is for another host", ""},
		{"https://example.com/", Failed, "its certificate is not one that browsers trust", ""},
		{"https://plain.example/", Failed, "it speaks no TLS that browsers understand", ""},
		{"http://closed.example/", Failed, refused, ""},
		{"http://unknown.example/", Failed, NoHost, ""},
		{"http://far.example/", Failed, "there is no way to the host", ""},
		{"http:///x", Failed, "it is no address", ""},
	} {
		t.Run(w.url, func(t *testing.T) {
			start := time.Now()
			got, err := c.Check(t.Context(), []string{w.url})
			if err != nil {
				t.Fatal(err)
			}
			r := got[0]
			if r.Outcome != w.outcome || r.Why != w.why || r.Moved != w.moved {
				t.Errorf("%s %q moved %q, want %s %q moved %q", r.Outcome, r.Why, r.Moved, w.outcome, w.why, w.moved)
			}
			if d := time.Since(start); d > 20*time.Second {
				t.Errorf("it took %s", d)
			}
		})
	}
	for _, asked := range h.log() {
		if strings.HasSuffix(asked, "/private/x") {
			t.Errorf("%s, though robots.txt says no", asked)
		}
	}
}

// TestPolite wants one request at a time at a host, with a pause between, each
// address once, and no more of a host that has had enough.
func TestPolite(t *testing.T) {
	a, b := newHost(t, "User-agent: duskpress\nCrawl-delay: 0.02\n\nUser-agent: *\nDisallow: /\n"), newHost(t, "")
	c := checker(t, map[string]string{"a.example": a.address(), "b.example": b.address()})
	c.Pause = 10 * time.Millisecond
	var urls []string
	for i := range 10 {
		urls = append(urls, fmt.Sprintf("http://a.example/%d", i))
	}
	urls = append(urls, "http://b.example/1", "http://b.example/wait-long", "http://b.example/2")
	got, err := c.Check(t.Context(), urls)
	if err != nil {
		t.Fatal(err)
	}
	if n := a.most.Load(); n != 1 {
		t.Errorf("%d requests at once", n)
	}
	want := []string{"GET /robots.txt"}
	for i := range 10 {
		want = append(want, fmt.Sprintf("HEAD /%d", i))
	}
	if diff := cmp.Diff(want, a.log()); diff != "" {
		t.Error(diff)
	}
	for i := 2; i < len(a.times); i++ {
		if d := a.times[i].Sub(a.times[i-1]); d < 15*time.Millisecond {
			t.Errorf("request %d came %s after the one before", i, d)
		}
	}
	if diff := cmp.Diff([]string{"GET /robots.txt", "HEAD /1", "HEAD /wait-long"}, b.log()); diff != "" {
		t.Errorf("a host that has had enough: %s", diff)
	}
	for i, u := range urls {
		if got[i].URL != u {
			t.Errorf("result %d is of %s, want %s", i, got[i].URL, u)
		}
	}
	if r := got[12]; r.Outcome != Refused {
		t.Errorf("%s is %s", r.URL, r.Outcome)
	}
}

func TestInterrupted(t *testing.T) {
	h := newHost(t, "")
	c := checker(t, map[string]string{"host.example": h.address()})
	c.Pause = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := c.Check(ctx, []string{"http://host.example/1", "http://host.example/2"}); err == nil {
		t.Error("no error after the context ended")
	}
	if d := time.Since(start); d > 30*time.Second {
		t.Errorf("it ended after %s", d)
	}
}

func TestCache(t *testing.T) {
	name := filepath.Join(t.TempDir(), "cache", "external.jsonl")
	now := time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)
	c := Cache{MaxAge: 24 * time.Hour, Retry: time.Hour}
	if err := c.Load(name); err != nil {
		t.Fatal(err)
	}
	for url, r := range map[string]Result{
		"http://new.example/":  {Outcome: OK, Checked: now.Add(-23 * time.Hour)},
		"http://old.example/":  {Outcome: OK, Checked: now.Add(-25 * time.Hour)},
		"http://down.example/": {Outcome: Failed, Checked: now.Add(-2 * time.Hour), Why: "x"},
		"http://soon.example/": {Outcome: Gone, Checked: now.Add(-time.Minute)},
		"http://odd.example/":  {Outcome: OK, Checked: now.Add(time.Hour)},
		"http://gone.example/": {Outcome: OK, Checked: now.Add(-100 * 24 * time.Hour)},
	} {
		r.URL = url
		c.Put(r)
	}
	if err := c.Save(name, now); err != nil {
		t.Fatal(err)
	}
	again := Cache{MaxAge: c.MaxAge, Retry: c.Retry}
	if err := again.Load(name); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]bool{
		"http://new.example/": true, "http://old.example/": false, "http://down.example/": false, "http://soon.example/": true, "http://odd.example/": false,
	} {
		if r, ok := again.Get(url, now); ok != want || ok && !r.Cached {
			t.Errorf("%s: %v, want %v", url, ok, want)
		}
	}
	if _, ok := again.results["http://gone.example/"]; ok {
		t.Error("a result of long ago is kept")
	}
}

// A group is for an agent by its whole name, in any case.
func TestRobotsAgent(t *testing.T) {
	for agent, own := range map[string]bool{
		"duskpress": true, "DuskPress": true, "duskpress/1.0": true,
		"press": false, "us": false, "duskpress-other": false,
	} {
		r := parseRobots([]byte("user-agent: "+agent+"\ndisallow: /own\n\nuser-agent: *\ndisallow: /all\n"), "duskpress")
		if got := !r.allows("http://host.example/own") && r.allows("http://host.example/all"); got != own {
			t.Errorf("a group for %q: %v, want %v", agent, got, own)
		}
	}
}

func FuzzRobots(f *testing.F) {
	f.Add("User-agent: *\nDisallow: /a*b$\nAllow: /\n", "/axb")
	f.Add("\ufeffuser-agent: duskpress\ncrawl-delay: 1e99\ndisallow: *", "/")
	f.Fuzz(func(t *testing.T, data, path string) {
		r := parseRobots([]byte(data), "duskpress")
		if r.delay < 0 || r.delay > maxDelay {
			t.Errorf("a delay of %s", r.delay)
		}
		r.allows("http://host.example/" + path)
	})
}
