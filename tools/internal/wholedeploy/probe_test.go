package wholedeploy

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"duskpress/tools/internal/fakenetlify"
	"duskpress/tools/internal/sitetest"
	"duskpress/tools/internal/testenv"
)

// ownSite is the repository's own site with its probes.
func ownSite(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), fake: fakenetlify.New(t), tool: sitetest.Tool(t), kill: func() {}, stop: func() {}}
	w.env = sitetest.Env(w.fake.Env(haste)...)
	sitetest.CopyRepoSite(t, w.dir)
	seedAt(t, filepath.Join(w.dir, ".duskpress", "cache"))
	if err := os.CopyFS(filepath.Join(w.dir, "tools", "probes"), os.DirFS(filepath.Join(sitetest.Root(t), "tools", "probes"))); err != nil {
		t.Fatal(err)
	}
	return w
}

// pictures are what the repository's own site makes of its pictures, which is
// most of the work of its first build.
var pictures struct {
	once sync.Once
	dir  string
}

// seedAt fills the cache of a copy of the site, to spare it the work of a first
// build.
func seedAt(t *testing.T, dir string) {
	t.Helper()
	pictures.once.Do(func() {
		from, err := os.MkdirTemp("", "wholedeploy-")
		if err != nil {
			t.Fatal(err)
		}
		atEnd = append(atEnd, func() { os.RemoveAll(from) })
		sitetest.CopyRepoSite(t, from)
		sitetest.MustBuild(t, from)
		pictures.dir = filepath.Join(from, ".duskpress", "cache")
	})
	if err := os.CopyFS(dir, os.DirFS(pictures.dir)); err != nil {
		t.Fatal(err)
	}
}

// TestProbes sends the repository's probes to a fresh build, and plants faults.
func TestProbes(t *testing.T) {
	w := ownSite(t)
	r := w.run("probe")
	if r.exit != 0 || !strings.Contains(r.last(), "8 requests sent to http://127.0.0.1:") || !strings.Contains(r.last(), "0 failed") {
		t.Fatalf("%s", r)
	}
	if left, _ := filepath.Glob(filepath.Join(w.dir, ".duskpress", "probe-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	// The feed is gone, and the policy is weak.
	sitetest.Write(t, filepath.Join(w.dir, "static", "_headers"), "/*\n  Content-Security-Policy: default-src 'unsafe-inline'\n")
	if r = w.run("probe", "--name", "hardening", "--name", "home"); r.exit != 1 {
		t.Fatalf("%s", r)
	}
	for _, want := range []string{"ok   home  200", "FAIL hardening  200", "> GET http://127.0.0.1:", "< Content-Security-Policy: default-src 'unsafe-inline'", "FAIL expect header content-security-policy not contains unsafe (line 10)", "first byte", "1 failed, exit=1"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("it does not say %q: %s", want, r)
		}
	}
	// A rule that only the host can judge is said.
	sitetest.Write(t, filepath.Join(w.dir, "static", "_redirects"), "/de /posts/ 302 Country=de\n/api/* https://api.example.org/:splat 200\n")
	if r = w.run("probe", "--name", "home"); !strings.Contains(r.err, "_redirects:1: /de is not tried here: its conditions") || !strings.Contains(r.err, "it asks another server") {
		t.Errorf("%s", r)
	}
	// A site with an error is not probed.
	sitetest.Write(t, filepath.Join(w.dir, "content", "posts", "bad.md"), "# T\n#### 2026-02-30\n\nx\n")
	if r = w.run("probe"); r.exit != 1 || !strings.Contains(r.out, "[date]") {
		t.Errorf("%s", r)
	}
}

// TestProbeTargets sends one file to several places.
func TestProbeTargets(t *testing.T) {
	t.Parallel()
	w, good, bad := broken(t)
	for _, c := range []struct {
		args []string
		exit int
	}{
		{[]string{"--target", "live"}, 1},
		{[]string{"--target", "deploy:" + good}, 0},
		{[]string{"--target", "deploy " + bad}, 1},
		{[]string{"--target", w.fake.LiveURL() + "/"}, 1},
		{[]string{"--target", "file", "--var", "base=" + w.fake.LiveURL()}, 1},
		{[]string{"--target", "live", "--site", fakenetlify.SiteName}, 1},
		{[]string{"--target", "live", "--site", "another-site"}, 2}, // a receipt of this one does not tell
		{[]string{"--target", "nowhere"}, 2},
		{[]string{"--target", "file", "--var", "oops"}, 2},
		{[]string{"--target", "file", "--name", "nothing"}, 2},
	} {
		r := w.run(append([]string{"probe", "outage.http"}, c.args...)...)
		if r.exit != c.exit {
			t.Errorf("%v: exit %d, not %d: %s", c.args, r.exit, c.exit, r)
		}
		if strings.Contains(r.out+r.err, "s3cr3t") || strings.Contains(r.out+r.err, "czNjcjN0") {
			t.Errorf("%v: a secret: %s", c.args, r)
		}
	}
	r := w.run("probe", "outage.http", "--target", "deploy:"+good, "--format", "json")
	var m struct {
		Name string
		OK   bool
		URL  string
	}
	if err := json.Unmarshal([]byte(strings.SplitN(r.out, "\n", 2)[0]), &m); err != nil || !m.OK || m.Name != "first" || !strings.HasSuffix(m.URL, "/posts/first/") {
		t.Errorf("%v %+v: %s", err, m, r)
	}
	// Without state the API is asked where the site is.
	if err := os.RemoveAll(filepath.Join(w.dir, ".duskpress")); err != nil {
		t.Fatal(err)
	}
	if r := w.run("probe", "outage.http", "--target", "live"); r.exit != 1 {
		t.Errorf("%s", r)
	}
	// A secret that is not there.
	w.env = w.env[:len(w.env)-1]
	if r := w.run("probe", "outage.http", "--target", "live"); r.exit != 2 || !strings.Contains(r.out, "outage.http:9:1: error: the environment has no PROBE_SECRET") {
		t.Errorf("%s", r)
	}
}

// TestProbeWatch changes a file, and expects its requests within a second.
func TestProbeWatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small())
	w.verified(w.deploy())
	file := filepath.Join(w.dir, "watch.http")
	sitetest.Write(t, file, "# @name one\n# @expect status 200\nGET {{base}}/\n")
	lines, stop := w.start("probe", "--watch", "--target", w.fake.LiveURL(), file)
	wait := func(want string) time.Duration {
		t.Helper()
		begin := time.Now()
		for time.Since(begin) < time.Minute {
			select {
			case line, open := <-lines:
				if strings.Contains(line, want) {
					return time.Since(begin)
				}
				if !open {
					t.Fatalf("it ended before %q", want)
				}
			case <-time.After(100 * time.Millisecond):
			}
		}
		t.Fatalf("no %q in a minute", want)
		return 0
	}
	wait("0 failed")
	sitetest.Write(t, file, "# @name two\n# @expect status 404\nGET {{base}}/\n")
	if d := wait("FAIL two"); d > 45*time.Second {
		t.Errorf("seen after %v", d)
	}
	wait("1 failed")
	// As editors save that write a new file and rename it, with a fault in it.
	next := filepath.Join(w.dir, "next")
	sitetest.Write(t, next, "# @expekt status 404\nGET {{base}}/\n")
	if err := os.Rename(next, file); err != nil {
		t.Fatal(err)
	}
	wait("unknown directive @expekt")
	sitetest.Write(t, file, "# @name four\n# @expect status 200\nGET {{base}}/feed.xml\n")
	wait("ok   four")
	if exit := stop(); exit != 0 {
		t.Errorf("exit %d after Ctrl-C", exit)
	}
}

// start runs the tool until stop sends it Ctrl-C.
func (w *world) start(args ...string) (lines chan string, stop func() int) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	cmd := exec.CommandContext(ctx, w.tool, append(args, "--source", w.dir)...)
	cmd.Dir, cmd.Env = w.dir, w.env
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	lines = make(chan string, 1000)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	}()
	var once sync.Once
	exit := -1
	stop = func() int {
		once.Do(func() {
			_ = cmd.Process.Signal(os.Interrupt)
			for range lines {
			}
			_ = cmd.Wait()
			exit = cmd.ProcessState.ExitCode()
			cancel()
		})
		return exit
	}
	w.t.Cleanup(func() { stop() })
	return lines, stop
}

const grammar = `# A comment that is none of a request
@base = http://127.0.0.1:1
@path = {{base}}/v1
@word = two words
@plain=plain

GET {{path}}/unnamed HTTP/1.1

### With headers
# @name headers
# @expect status 200
GET {{path}}/headers
X-One: {{word}}
# a comment among the headers
Accept: text/plain

### A query over several lines, and a body
// @name body
// @expect status 200
POST {{path}}/body
    ?a=1
    &b={{plain}}
Content-Type: application/json

{
  "a": "{{word}}",

  "b": 2
}

### A body of a file
# @name file
PUT {{path}}/file
Content-Type: application/octet-stream

< ./body.txt

### Without a method
# @name no-method
{{path}}/no-method

### From the environment
# @name env
GET {{path}}/env
Authorization: Bearer {{$processEnv GRAMMAR_SECRET}}

###
# @name head
HEAD {{path}}/head

### Redirected
# @name followed
GET {{path}}/moved

### Not redirected
# @name stay
# @no-redirect
GET {{path}}/moved

### An odd address
# @name odd
DELETE {{path}}/a%20b/%C3%A4?q=%26&x=y#fragment

###
# @name options
OPTIONS {{path}}/options
X-Two:
`

// sentGrammar is what a server gets of it.
var sentGrammar = []string{
	"GET /v1/unnamed",
	"GET /v1/headers Accept: text/plain, X-One: two words",
	"POST /v1/body?a=1&b=plain Content-Length: 33, Content-Type: application/json \"{\\n  \\\"a\\\": \\\"two words\\\",\\n\\n  \\\"b\\\": 2\\n}\"",
	"PUT /v1/file Content-Length: 21, Content-Type: application/octet-stream \"from a file\\n{{word}}\\n\"",
	"GET /v1/no-method",
	"GET /v1/env Authorization: Bearer s3cr3t-of-the-grammar",
	"HEAD /v1/head",
	"GET /v1/moved",
	"GET /v1/target",
	"GET /v1/moved",
	"DELETE /v1/a%20b/%C3%A4?q=%26&x=y",
	"OPTIONS /v1/options X-Two: ",
}

// TestGrammar sends a file with all that the format has, and looks at what
// arrives; with DUSKPRESS_HTTPYAC the same has to arrive from httpyac, which
// reads the format as the extension of VS Code does.
func TestGrammar(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		var fields []string
		for _, name := range []string{"Accept", "Authorization", "Content-Length", "Content-Type", "X-One", "X-Two"} {
			if v, ok := r.Header[name]; ok && v[0] != "*/*" { // a default of some
				fields = append(fields, name+": "+v[0])
			}
		}
		line := r.Method + " " + r.RequestURI
		if len(fields) > 0 {
			line += " " + strings.Join(fields, ", ")
		}
		if len(data) > 0 {
			line += fmt.Sprintf(" %q", data)
		}
		mu.Lock()
		got = append(got, line)
		mu.Unlock()
		if strings.HasSuffix(r.URL.Path, "/moved") {
			http.Redirect(rw, r, "/v1/target", http.StatusMovedPermanently)
		}
	}))
	defer server.Close()
	dir := t.TempDir()
	sitetest.Write(t, filepath.Join(dir, "body.txt"), "from a file\n{{word}}\n")
	file := filepath.Join(dir, "grammar.http")
	sitetest.Write(t, file, strings.Replace(grammar, "http://127.0.0.1:1", server.URL, 1))
	w := &world{t: t, dir: dir, fake: fakenetlify.New(t), tool: sitetest.Tool(t), kill: func() {}, stop: func() {}, env: sitetest.Env("GRAMMAR_SECRET=s3cr3t-of-the-grammar")}
	if r := w.run("probe", "--target", "file", file); r.exit != 0 || strings.Contains(r.out, "s3cr3t") {
		t.Fatalf("%s", r)
	}
	if d := cmp.Diff(sentGrammar, got); d != "" {
		t.Errorf("what arrives:\n%s", d)
	}
	httpyac := os.Getenv("DUSKPRESS_HTTPYAC")
	if httpyac == "" {
		return // TestHTTPYac says so
	}
	got = nil
	cmd := exec.CommandContext(t.Context(), httpyac, "send", "grammar.http", "--all", "--output", "none")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GRAMMAR_SECRET=s3cr3t-of-the-grammar")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if d := cmp.Diff(sentGrammar, got); d != "" {
		t.Errorf("what arrives from httpyac:\n%s", d)
	}
}

// TestHTTPYac has another program send the repository's probes, unchanged but
// for the address, and compares the answers. DUSKPRESS_HTTPYAC names it.
func TestHTTPYac(t *testing.T) {
	httpyac := os.Getenv("DUSKPRESS_HTTPYAC")
	if httpyac == "" {
		testenv.Lacks(t, testenv.HTTPYac, "DUSKPRESS_HTTPYAC names no httpyac to compare with")
	}
	w := ownSite(t)
	lines, stop := w.start("serve", "--port", "0")
	defer stop()
	base := ""
	for line := range lines {
		if m := regexp.MustCompile(`serving (http://127\.0\.0\.1:\d+)/`).FindStringSubmatch(line); m != nil {
			base = m[1]
			break
		}
	}
	if base == "" {
		t.Fatal("serve did not begin")
	}
	files, err := filepath.Glob(filepath.Join(w.dir, "tools", "probes", "*.http"))
	if err != nil || len(files) < 2 {
		t.Fatalf("%v %v", files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		data = bytes.ReplaceAll(data, []byte("http://127.0.0.1:1313"), []byte(base))
		if err := os.WriteFile(file, data, 0o666); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), httpyac, "send", filepath.Base(file), "--all", "--json", "--output", "response")
		// To a file: it ends before a pipe has taken all that it says.
		to, err := os.Create(filepath.Join(w.dir, "httpyac.json"))
		if err != nil {
			t.Fatal(err)
		}
		cmd.Dir, cmd.Stdout = filepath.Dir(file), to
		err = cmd.Run()
		to.Close()
		out, rerr := os.ReadFile(to.Name())
		if rerr != nil {
			t.Fatal(rerr)
		}
		var theirs struct {
			Requests []struct {
				Name     string
				Response struct {
					StatusCode int
					Headers    map[string]any
				}
			}
		}
		if uerr := json.Unmarshal(out, &theirs); uerr != nil {
			t.Fatalf("%v %v: %s", err, uerr, out)
		}
		type answer struct {
			status int
			length string
		}
		want := make(map[string]answer)
		for _, q := range theirs.Requests {
			length, _ := q.Response.Headers["content-length"].(string)
			want[q.Name] = answer{q.Response.StatusCode, length}
		}
		r := w.run("probe", "--target", "file", "--format", "json", file)
		if r.exit != 0 {
			t.Fatalf("%s", r)
		}
		n := 0
		for line := range strings.Lines(r.out) {
			var ours struct {
				Name   string
				Status int
				Bytes  int
				Method string
			}
			if err := json.Unmarshal([]byte(line), &ours); err != nil || ours.Name == "" {
				continue
			}
			n++
			x, ok := want[ours.Name]
			if !ok || x.status != ours.Status || ours.Method != "HEAD" && x.length != "" && x.length != strconv.Itoa(ours.Bytes) {
				t.Errorf("%s: httpyac has %+v, we have %+v", ours.Name, x, ours)
			}
		}
		if n != len(theirs.Requests) || n == 0 {
			t.Errorf("%s: httpyac sent %d requests, we sent %d", filepath.Base(file), len(theirs.Requests), n)
		}
	}
}
