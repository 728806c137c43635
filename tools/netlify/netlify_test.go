package netlify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"duskpress/tools/deploy"
	"duskpress/tools/internal/fakenetlify"
)

func client(t *testing.T, api string) *Client {
	t.Helper()
	c, err := New(Config{Token: fakenetlify.Token, Site: fakenetlify.SiteID, API: api})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNew(t *testing.T) {
	for api, ok := range map[string]bool{
		"": true, "https://api.netlify.com/api/v1": true, "https://proxy.example/x/": true, "http://127.0.0.1:1/api/v1": true, "http://[::1]:1": true, "http://localhost:8": true,
		"http://api.netlify.com/api/v1": false, "ftp://x": false, "nonsense": false, "https://user:pass@api.example": false, "http://127.0.0.1.example.org": false, "http://localhost.example.org": false,
	} {
		if _, err := New(Config{Token: "t", Site: "s", API: api}); (err == nil) != ok {
			t.Errorf("%q: %v", api, err)
		}
	}
	if _, err := New(Config{Token: "a\nb", Site: "s"}); err == nil || strings.Contains(err.Error(), "a\nb") {
		t.Errorf("%v", err)
	}
}

// TestTokenStays has the API send clients elsewhere: the token must not go
// there, in whatever way.
func TestTokenStays(t *testing.T) {
	asked := 0
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer thief.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", thief.URL+"/?token="+strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
			w.WriteHeader(status)
		}))
		_, err := client(t, api.URL).Site(t.Context())
		var f *deploy.Failure
		if !errors.As(err, &f) || f.Kind != deploy.Refused || strings.Contains(err.Error(), fakenetlify.Token) {
			t.Errorf("%d: %v", status, err)
		}
		api.Close()
	}
	if asked > 0 {
		t.Errorf("the other host was asked %d times", asked)
	}
}

func TestClassify(t *testing.T) {
	soon := fmt.Sprint(time.Now().Add(30 * time.Second).Unix())
	for _, c := range []struct {
		status int
		header string
		kind   deploy.Kind
		wait   bool
	}{
		{400, "", deploy.Refused, false}, {401, "", deploy.Unauthorised, false}, {403, "", deploy.Unauthorised, false}, {404, "", deploy.Absent, false},
		{408, "", deploy.Lost, false}, {410, "", deploy.Absent, false}, {409, "", deploy.Refused, false}, {422, "", deploy.Refused, false},
		{429, "", deploy.Throttled, false}, {429, "X-RateLimit-Reset: " + soon, deploy.Throttled, true}, {429, "Retry-After: 7", deploy.Throttled, true},
		{429, "X-RateLimit-Reset: never", deploy.Throttled, false}, {500, "", deploy.Lost, false}, {502, "", deploy.Lost, false}, {504, "", deploy.Lost, false},
	} {
		api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if name, value, ok := strings.Cut(c.header, ": "); ok {
				w.Header().Set(name, value)
			}
			w.Header().Set("X-Request-Id", "r-1")
			w.WriteHeader(c.status)
			fmt.Fprintf(w, `{"code":%d,"message":"because of %s"}`, c.status, fakenetlify.Token)
		}))
		_, err := client(t, api.URL).Site(t.Context())
		var f *deploy.Failure
		if !errors.As(err, &f) {
			t.Fatalf("%d: %v", c.status, err)
		}
		if f.Kind != c.kind && c.status != 404 && c.status != 410 || (f.Wait > 0) != c.wait || strings.Contains(err.Error(), fakenetlify.Token) {
			t.Errorf("%d %s: %v, kind %d, wait %v", c.status, c.header, err, f.Kind, f.Wait)
		}
		api.Close()
	}
	// The host's clock counts, ours may be wrong by hours.
	date := time.Now().Add(5 * time.Hour).UTC().Truncate(time.Second)
	h := http.Header{"Date": {date.Format(http.TimeFormat)}, "X-Ratelimit-Reset": {fmt.Sprint(date.Add(20 * time.Second).Unix())}}
	if got := resetAfter(h); got != 20*time.Second {
		t.Errorf("a reset in 20 seconds of another clock: %v", got)
	}
}

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{
		"http://notes.netlify.app/": "https://notes.netlify.app", "https://x.example": "https://x.example", "http://127.0.0.1:80/": "http://127.0.0.1:80",
		"http://[::1]:8080": "http://[::1]:8080", "http://example.org:8080/a/": "https://example.org:8080/a", "": "",
	} {
		if got := address(in, ""); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if d := (apiDeploy{ID: "1", Name: "n"}).deploy(""); d.URL != "https://1--n.netlify.app" {
		t.Errorf("without a permalink: %q", d.URL)
	}
}

// TestStates wants a meaning for each state of the API's description.
func TestStates(t *testing.T) {
	for word := range strings.FieldsSeq("new pending_review accepted rejected enqueued building uploading uploaded preparing prepared processing processed ready error retrying") {
		if states[word] == deploy.Unknown {
			t.Errorf("the state %s means nothing", word)
		}
	}
}

func TestNextPage(t *testing.T) {
	for link, want := range map[string]string{
		`<https://api.netlify.com/api/v1/sites/x/deploys?page=2&per_page=100>; rel="next", <https://api.netlify.com/x?page=9>; rel="last"`: "2",
		`<https://a/x?page=1>; rel="prev",<https://a/x?q=a,b&page=3>; rel=next`:                                                            "3",
		`<https://a/x?page=9>; rel="last"`: "", `<https://a/x>; rel="next"`: "", "": "", "nonsense": "", `<:%>; rel="next"`: "",
	} {
		if got := nextPage([]string{link}).Get("page"); got != want {
			t.Errorf("%s: page %q, want %q", link, got, want)
		}
	}
}

// TestFind looks for a deploy behind many others: it goes on to the end of the
// list, stops where it has what it wants, and says so where it gives up.
func TestFind(t *testing.T) {
	fake := fakenetlify.New(t)
	fake.Begin("ours [fp:abc]")
	for range 1234 {
		fake.Begin("by git")
	}
	var log bytes.Buffer
	c, err := New(Config{Token: fakenetlify.Token, Site: fakenetlify.SiteID, API: fake.API(), Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Site(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, err := c.Find(t.Context(), "[fp:abc]")
	if err != nil || len(list) != 1 || fake.Count("list") != 13 || log.Len() > 0 {
		t.Errorf("%v, %d found after %d pages, %s", err, len(list), fake.Count("list"), &log)
	}
	c.most = 3
	list, err = c.Find(t.Context(), "[fp:abc]")
	if err != nil || len(list) != 0 || fake.Count("list") != 16 || !strings.Contains(log.String(), "among the newest deploys only") || !strings.Contains(log.String(), "deploys=300") {
		t.Errorf("%v, %d found after %d pages, %s", err, len(list), fake.Count("list")-13, &log)
	}
}

// TestRun deploys in this process, so that the race detector sees uploads,
// pauses and reading back at once, with a pace and a jitter of its own.
func TestRun(t *testing.T) {
	fake := fakenetlify.New(t)
	fake.Publish(map[string]string{"index.html": "old", "404.html": "old"})
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("index.html", "new")
	write("404.html", "none")
	for i := range 150 { // more than are compared at once
		write(fmt.Sprintf("many/%d.txt", i), strings.Repeat("x", i*100))
	}
	fake.Add(fakenetlify.Fault{Op: "upload", Nth: 20, Kind: fakenetlify.Status, Status: 429, Times: 3})
	fake.Add(fakenetlify.Fault{Op: "upload", Nth: 60, Kind: fakenetlify.DropAfter, Times: 2})
	fake.Add(fakenetlify.Fault{Op: "page", Nth: 5, Kind: fakenetlify.Status, Status: 502, Times: 5})
	var log bytes.Buffer
	out := deploy.Run(t.Context(), deploy.Options{
		Host: client(t, fake.API()), HostName: "netlify", State: t.TempDir(), Freeze: deploy.FreezeOptions{Dir: dir},
		Pace:     &deploy.Pace{Haste: 200, Jitter: func(d time.Duration) time.Duration { return d }},
		Log:      slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Progress: func(string, int, int, int64, int64) {},
	})
	if out.Exit != 0 || out.Production != deploy.Changed || out.Proof.Files != 153 {
		t.Fatalf("%+v", out)
	}
	if len(fake.Repeated) > 0 {
		t.Errorf("sent again: %v", fake.Repeated)
	}
	if strings.Contains(log.String(), fakenetlify.Token) {
		t.Error("the token is in the log")
	}
}

// TestRateLimit sends many files to a host that answers few requests a second,
// with the clock of every day: eight senders stop when one of them is told to.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	fake := fakenetlify.New(t)
	fake.Publish(map[string]string{"index.html": "old", "404.html": "old"})
	dir := t.TempDir()
	for i, name := range append([]string{"index.html", "404.html"}, strings.Fields("a b c d e f g h i j k l m n o p q r s t u v w x y z")...) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Repeat("x", i)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	fake.Limit = 15
	out := deploy.Run(t.Context(), deploy.Options{Host: client(t, fake.API()), HostName: "netlify", State: t.TempDir(), Freeze: deploy.FreezeOptions{Dir: dir}, Timeout: 2 * time.Minute})
	if out.Exit != 0 || out.Production != deploy.Changed || len(fake.Repeated) > 0 {
		t.Fatalf("%+v, sent again %v", out, fake.Repeated)
	}
	// Of each second that is full, at most the calls that were on their way.
	if fake.Limited < 1 || fake.Limited > 8*(1+40/fake.Limit) {
		t.Errorf("%d requests were refused", fake.Limited)
	}
	t.Logf("%d requests were refused", fake.Limited)
}

// TestCancelled ends a run from outside.
func TestCancelled(t *testing.T) {
	fake := fakenetlify.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	fake.Add(fakenetlify.Fault{Op: "site", Kind: fakenetlify.Call, Do: cancel})
	out := deploy.Run(ctx, deploy.Options{Host: client(t, fake.API()), HostName: "netlify", State: t.TempDir(), Freeze: deploy.FreezeOptions{Dir: t.TempDir()}})
	if out.Exit != deploy.Interrupted || out.Production != deploy.Unchanged {
		t.Errorf("%+v", out)
	}
}

// TestTimeout asks a host that takes a call and never answers, with the clock of
// every day: the run ends when its time is up, not when one call's would be.
func TestTimeout(t *testing.T) {
	t.Parallel()
	fake := fakenetlify.New(t)
	fake.Add(fakenetlify.Fault{Op: "create", Kind: fakenetlify.Late, Delay: 5 * time.Minute, Times: -1})
	dir := t.TempDir()
	for _, name := range []string{"index.html", "404.html"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	begin := time.Now()
	out := deploy.Run(t.Context(), deploy.Options{Host: client(t, fake.API()), HostName: "netlify", State: t.TempDir(), Freeze: deploy.FreezeOptions{Dir: dir}, Timeout: time.Second})
	if took := time.Since(begin); took > 45*time.Second { // one call alone may take a minute
		t.Errorf("it took %v", took)
	}
	// Whether there was time to find in the list what the call made, and to end it,
	// is the machine's matter. It is not made twice.
	if out.Exit != deploy.Unreachable && out.Exit != deploy.Unfinished && out.Exit != 0 || fake.Count("create") != 1 {
		t.Errorf("%d creations, %+v", fake.Count("create"), out)
	}
}
