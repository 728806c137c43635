package serve

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"duskpress/tools/internal/testenv"
)

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, data := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// site is one of each kind of file, beside a file that no request may reach.
func site(t *testing.T) string {
	top := t.TempDir()
	dir := filepath.Join(top, "public")
	write(t, top, map[string]string{"secret": "SECRET"})
	write(t, dir, map[string]string{
		"index.html": "home", "404.html": "lost", "about.html": "about", "posts/index.html": "posts", "posts/a/index.html": "a post",
		"posts/a/data.json": "{}", "both.html": "file", "both/index.html": "dir", "old/index.html": "alias", "shadow.html": "shadow",
		"css/main.css": "p{}", "noext": "x", "dir/file.txt": "text", ".duskpress": "receipt", ".git/config": "git", ".well-known/x.txt": "known",
		"a b.txt": "space", "caf\u00e9/index.html": "coffee", "x.weird": "?",
		"_headers": "/*\n  X-All: yes\n  Content-Length: 3\n/posts/*\n  X-Posts: yes\n/css/*\n  Cache-Control: immutable\n  Content-Type: text/css; charset=x\n",
		"_redirects": "/old/ /posts/a/ 301!\n/shadow /about 301\n/news/* /posts/:splat 302\n/app/* /index.html 200\n/gone /about.html 410\n" +
			"/far https://example.org/x\n/proxy https://example.org/x 200\n/german /de 302 Language=de\n/q id=:id /posts/:id\n/missing /nothing.html 200\n",
	})
	return dir
}

func get(h http.Handler, target string, header ...string) *http.Response {
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/", nil)
	// As a client may write it, not as net/url would.
	u, err := url.ParseRequestURI(target)
	if err != nil {
		panic(err)
	}
	r.URL = u
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(r *http.Response) string {
	b, _ := io.ReadAll(r.Body)
	return string(b)
}

func TestServe(t *testing.T) {
	h := New(site(t), "", nil)
	for _, c := range []struct {
		path     string
		status   int
		body     string // or where a redirection leads
		contains bool
	}{
		{"/", 200, "home", false},
		{"/index.html", 200, "home", false},
		{"/about", 200, "about", false},
		{"/about/", 200, "about", false},
		{"/about.html", 200, "about", false},
		{"/posts/", 200, "posts", false},
		{"/posts", 301, "/posts/", false},
		{"/posts?a=b", 301, "/posts/?a=b", false},
		{"/posts/a", 301, "/posts/a/", false},
		{"/posts/a/", 200, "a post", false},
		{"/posts/a/data.json", 200, "{}", false},
		{"/both/", 200, "dir", false},
		{"/dir/", 404, "lost", false}, // no list of files
		{"/dir", 404, "lost", false},
		{"/css/", 404, "lost", false},
		{"/nope", 404, "lost", false},
		{"/noext", 200, "x", false},
		{"/noext/", 404, "lost", false},
		{"/a%20b.txt", 200, "space", false},
		{"/caf%C3%A9/", 200, "coffee", false},
		{"/caf%C3%A9", 301, "/caf%C3%A9/", false},
		{"//posts//a/", 301, "/posts/a/", false},
		{"/posts/../about", 301, "/about", false},
		// What is not for readers.
		{"/.duskpress", 404, "lost", false},
		{"/.git/config", 404, "lost", false},
		{"/_headers", 404, "lost", false},
		{"/_redirects", 404, "lost", false},
		{"/.well-known/x.txt", 200, "known", false},
		// What is not in the directory.
		{"/../secret", 301, "/secret", false},
		{"/%2e%2e/secret", 301, "/secret", false},
		{"/..%2fsecret", 301, "/secret", false},
		{"/posts/..%2f..%2fsecret", 301, "/secret", false},
		{`/..%5csecret`, 400, "no such path", true},
		{"/secret%00.html", 400, "no such path", true},
		// Redirections.
		{"/old/", 301, "/posts/a/", false},
		{"/old", 301, "/posts/a/", false},
		{"/old/?x=1", 301, "/posts/a/?x=1", false},
		{"/shadow", 200, "shadow", false},
		{"/news/a/", 302, "/posts/a", false},
		{"/news", 302, "/posts/", false},
		{"/app/x/y", 200, "home", false},
		{"/gone", 410, "about", false},
		{"/far", 301, "https://example.org/x", false},
		{"/proxy", 404, "lost", false}, // no other server is asked
		{"/german", 404, "lost", false},
		{"/q?id=a", 301, "/posts/a", false},
		{"/q?id=a&more=b", 404, "lost", false},
		{"/q", 404, "lost", false},
		{"/missing", 404, "lost", false},
	} {
		r := get(h, c.path)
		got := body(r)
		if r.StatusCode/100 == 3 {
			got = r.Header.Get("Location")
		}
		if r.StatusCode != c.status || got != c.body && (!c.contains || !strings.Contains(got, c.body)) {
			t.Errorf("%s: %d %q, want %d %q", c.path, r.StatusCode, got, c.status, c.body)
		}
		if strings.Contains(got, "SECRET") {
			t.Errorf("%s: reached what is outside", c.path)
		}
	}
}

func TestHeaders(t *testing.T) {
	h := New(site(t), "", nil)
	for _, c := range []struct{ path, name, want string }{
		{"/", "X-All", "yes"},
		{"/", "X-Posts", ""},
		{"/", "Content-Type", "text/html; charset=utf-8"},
		{"/", "Cache-Control", "public, max-age=0, must-revalidate"},
		{"/", "Content-Length", "4"},
		{"/posts/a/", "X-Posts", "yes"},
		{"/css/main.css", "Cache-Control", "immutable"},
		{"/css/main.css", "Content-Type", "text/css; charset=x"},
		{"/css/gone.css", "X-All", "yes"},
		{"/css/gone.css", "Cache-Control", "public, max-age=0, must-revalidate"}, // not kept as missing
		{"/css/gone.css", "Content-Type", "text/html; charset=utf-8"},
		{"/posts/a/data.json", "Content-Type", "application/json; charset=utf-8"},
		{"/noext", "Content-Type", "application/octet-stream"},
		{"/x.weird", "Content-Type", "application/octet-stream"},
		{"/old/", "X-All", ""},
		{"/", "Last-Modified", ""},
	} {
		if got := get(h, c.path).Header.Get(c.name); got != c.want {
			t.Errorf("%s: %s: %q, want %q", c.path, c.name, got, c.want)
		}
	}
}

func TestConditions(t *testing.T) {
	dir := site(t)
	h := New(dir, "", nil)
	tag := get(h, "/about").Header.Get("Etag")
	if tag == "" {
		t.Fatal("no Etag")
	}
	if r := get(h, "/about", "If-None-Match", tag); r.StatusCode != 304 || body(r) != "" || r.Header.Get("X-All") != "yes" {
		t.Errorf("If-None-Match: %d", r.StatusCode)
	}
	if r := get(h, "/about", "Range", "bytes=1-2"); r.StatusCode != 206 || body(r) != "bo" {
		t.Errorf("Range: %d", r.StatusCode)
	}
	if r := get(h, "/about", "Range", "bytes=99-"); r.StatusCode != 416 {
		t.Errorf("Range: %d", r.StatusCode)
	}
	// The same bytes have the same tag, others another.
	write(t, dir, map[string]string{"about.html": "about"})
	if again := get(h, "/about").Header.Get("Etag"); again != tag {
		t.Errorf("%s became %s", tag, again)
	}
	write(t, dir, map[string]string{"about.html": "ABOUT"})
	if r := get(h, "/about", "If-None-Match", tag); r.StatusCode != 200 || body(r) != "ABOUT" {
		t.Errorf("changed: %d", r.StatusCode)
	}
	if r := get(h, "/nope", "If-None-Match", "*"); r.StatusCode != 404 || body(r) != "lost" {
		t.Errorf("missing: %d", r.StatusCode)
	}

	for path, want := range map[string]int{"/about": 200, "/nope": 404, "/gone": 410} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodHead, path, nil))
		if w.Code != want || w.Body.Len() > 0 || w.Header().Get("Content-Length") == "" {
			t.Errorf("HEAD %s: %d, %d bytes, %v", path, w.Code, w.Body.Len(), w.Header())
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/about", strings.NewReader("x")))
	if w.Code != 405 || w.Header().Get("Allow") == "" {
		t.Errorf("POST: %d", w.Code)
	}
}

// TestChange edits _headers and _redirects, and swaps the directory, between
// requests.
func TestChange(t *testing.T) {
	dir := site(t)
	var log bytes.Buffer
	h := New(dir, "", slog.New(slog.NewTextHandler(&log, nil)))
	get(h, "/")
	write(t, dir, map[string]string{"_headers": "/*\n  X-All: new\n  nonsense\n", "_redirects": "/far /near\n/bad\n"})
	for range 2 {
		if got := get(h, "/").Header.Get("X-All"); got != "new" {
			t.Errorf("X-All: %q", got)
		}
		if got := get(h, "/far").Header.Get("Location"); got != "/near" {
			t.Errorf("/far leads to %q", got)
		}
	}
	for _, want := range []string{"nor a header\" file=_headers line=3", "file=_redirects line=2"} {
		if n := strings.Count(log.String(), want); n != 1 {
			t.Errorf("%q is logged %d times:\n%s", want, n, &log)
		}
	}

	next := filepath.Join(t.TempDir(), "next")
	write(t, next, map[string]string{"index.html": "next"})
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Fatal(err)
	}
	if r := get(h, "/"); r.StatusCode != 503 {
		t.Errorf("without a directory: %d", r.StatusCode)
	}
	if err := os.Rename(next, dir); err != nil {
		t.Fatal(err)
	}
	if r := get(h, "/"); body(r) != "next" || r.Header.Get("X-All") != "" {
		t.Errorf("the new directory is not seen: %v", r.Header)
	}
	if r := get(h, "/nope"); r.StatusCode != 404 {
		t.Errorf("without 404.html: %d", r.StatusCode)
	}
}

func TestPrefix(t *testing.T) {
	h := New(site(t), "/notes/", nil)
	for _, c := range []struct {
		path   string
		status int
		want   string
	}{
		{"/notes/", 200, "home"},
		{"/notes", 302, "/notes/"},
		{"/", 302, "/notes/"},
		{"/notes/posts", 301, "/notes/posts/"},
		{"/notes/posts/a/", 200, "a post"},
		{"/posts/a/", 404, ""},
		{"/notesposts/", 404, ""},
		{"/notes/app/x", 200, "home"},
	} {
		r := get(h, c.path)
		got := body(r)
		if r.StatusCode/100 == 3 {
			got = r.Header.Get("Location")
		}
		if r.StatusCode != c.status || c.want != "" && got != c.want {
			t.Errorf("%s: %d %q, want %d %q", c.path, r.StatusCode, got, c.status, c.want)
		}
	}
	if got := get(h, "/notes/posts/a/").Header.Get("X-Posts"); got != "yes" {
		t.Error("rules are for paths below the root of the site")
	}
}

func TestOutside(t *testing.T) {
	dir := site(t)
	if err := os.Symlink(filepath.Join(dir, "..", "secret"), filepath.Join(dir, "link.txt")); err != nil {
		testenv.Lacks(t, testenv.System, "no symbolic links here: %v", err)
	}
	if err := os.Symlink("..", filepath.Join(dir, "up")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("about.html", filepath.Join(dir, "inside.html")); err != nil {
		t.Fatal(err)
	}
	h := New(dir, "", nil)
	for _, p := range []string{"/link.txt", "/up/secret"} {
		if r := get(h, p); r.StatusCode != 404 || strings.Contains(body(r), "SECRET") {
			t.Errorf("%s: %d", p, r.StatusCode)
		}
	}
	if r := get(h, "/inside"); r.StatusCode != 200 {
		t.Errorf("a link within the site: %d", r.StatusCode)
	}
}

func FuzzServe(f *testing.F) {
	for _, s := range []string{"/", "/..", "/%2e%2e/secret", "//", "/.git/config", "/a\\..\\b", "/old?", "/news/\x00"} {
		f.Add(s)
	}
	top := f.TempDir()
	dir := filepath.Join(top, "public")
	for name, data := range map[string]string{"../secret": "SECRET", "index.html": "home", ".duskpress": "SECRET", "_headers": "/*\n  X-All: SECRET\n", "_redirects": "/old/* /:splat\n/re/* /:splat 200\n"} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			f.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(data), 0o666); err != nil {
			f.Fatal(err)
		}
	}
	h := New(dir, "", nil)
	f.Fuzz(func(t *testing.T, path string) {
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/", nil)
		r.URL.Path = path
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if strings.Contains(w.Body.String(), "SECRET") {
			t.Errorf("%q: %d %s", path, w.Code, w.Body)
		}
		if to := w.Header().Get("Location"); strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\r\n") {
			t.Errorf("%q leads to another host: %q", path, to)
		}
	})
}
