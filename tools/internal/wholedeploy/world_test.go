package wholedeploy

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"duskpress/tools/internal/fakenetlify"
	"duskpress/tools/internal/sitetest"
)

func TestMain(m *testing.M) {
	// Most of these tests wait most of the time.
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	code := m.Run()
	for _, f := range atEnd {
		f()
	}
	sitetest.Clean()
	os.Exit(code)
}

// atEnd is done when all tests have ended.
var atEnd []func()

// haste makes the waits of a run short.
const haste = 100

// A world is a built site, a host, and the tool.
type world struct {
	t    testing.TB
	dir  string
	fake *fakenetlify.Fake
	tool string
	site map[string]string
	env  []string

	spoilt int // deploys that had other files than were sent

	mu   sync.Mutex
	kill func() // ends the process that runs
	stop func() // asks it to end
	peak int64  // memory of the last run, in kB; 0 where the system does not say
}

// small is a site with one of each: pages, a text, rules, a name with a space,
// two files of one content.
func small() map[string]string {
	page := func(s string) string {
		return "<!doctype html><html lang=en><title>" + s + "</title><h1>" + s + "</h1>"
	}
	return map[string]string{
		"index.html":             page("home"),
		"404.html":               page("nothing here"),
		"posts/first/index.html": page("first"),
		"posts/Zwei/index.html":  page("zwei"),
		"feed.xml":               "<rss/>",
		"images/a file (1).txt":  "text",
		"images/same.txt":        "text",
		"empty.txt":              "",
		"_headers":               "/*\n  X-Content-Type-Options: nosniff\n/feed.xml\n  Content-Type: application/rss+xml\n",
		"_redirects":             "/old /posts/first/ 301\n",
	}
}

// old is what is live before.
func old() map[string]string {
	return map[string]string{"index.html": "<!doctype html><title>old</title>", "404.html": "old none", "feed.xml": "<rss/>"}
}

func newWorld(t testing.TB, site map[string]string) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), fake: fakenetlify.New(t), tool: sitetest.Tool(t), kill: func() {}, stop: func() {}}
	w.write(site)
	w.fake.Publish(old())
	w.fake.Reset()
	w.env = sitetest.Env(w.fake.Env(haste)...)
	return w
}

func (w *world) public(name string) string { return filepath.Join(w.dir, "public", name) }

// write makes the site what is built.
func (w *world) write(site map[string]string) {
	w.t.Helper()
	if err := os.RemoveAll(w.public("")); err != nil {
		w.t.Fatal(err)
	}
	w.site = maps.Clone(site)
	for name, text := range site {
		sitetest.Write(w.t, w.public(filepath.FromSlash(name)), text)
	}
}

// A ran is how a run ended.
type ran struct {
	out, err string
	exit     int
	killed   bool
	took     time.Duration
}

func (r ran) last() string {
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	return lines[len(lines)-1]
}

func (r ran) String() string {
	return fmt.Sprintf("exit %d, killed %v, %v\n--- stdout\n%s--- stderr\n%s", r.exit, r.killed, r.took, r.out, r.err)
}

// run runs the tool in the world's directory. It is ended after ten minutes.
func (w *world) run(args ...string) ran {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, w.tool, append(args, "--source", w.dir)...)
	var stdout, stderr bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = w.dir, w.env, &stdout, &stderr
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	w.kill = func() { _ = cmd.Process.Kill() }
	w.stop = func() { _ = cmd.Process.Signal(os.Interrupt) }
	w.mu.Unlock()
	_ = cmd.Wait()
	w.mu.Lock()
	w.kill, w.stop = func() {}, func() {}
	w.peak = peak(cmd.ProcessState)
	w.mu.Unlock()
	if ctx.Err() != nil {
		w.t.Fatalf("%v did not end in ten minutes\n%s%s", args, &stdout, &stderr)
	}
	r := ran{out: stdout.String(), err: stderr.String(), exit: cmd.ProcessState.ExitCode(), took: time.Since(begin)}
	if r.killed = r.exit < 0; r.killed {
		w.fake.Settle()
	}
	w.noToken(r)
	return r
}

// end kills the run that is going on.
func (w *world) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kill()
}

func (w *world) interrupt() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stop()
}

func (w *world) deploy(args ...string) ran {
	w.t.Helper()
	r := w.run(append([]string{"deploy", "--no-build", "--allow-shrink", "--verbose", "--timeout", "600m"}, args...)...)
	w.ends(r)
	return r
}

// ends holds the last line of a run to what every ending has to say: whether
// production changed, the deploy that there is, the next command, the exit code.
func (w *world) ends(r ran) {
	w.t.Helper()
	if r.killed || strings.HasPrefix(r.last(), "{") {
		return
	}
	for _, want := range []string{"deploy: ", "production ", "; next: duskpress ", fmt.Sprintf(", exit=%d", r.exit)} {
		if !strings.Contains(r.last(), want) {
			w.t.Errorf("the last line has no %q: %s", want, r)
		}
	}
	if strings.Contains(r.err, "uploading") && !strings.Contains(r.last(), "; deploy 0") {
		w.t.Errorf("files were sent to a deploy, and the last line does not name it: %s", r)
	}
}

var requestLine = regexp.MustCompile(`(?m)^(GET|POST|PUT) (https?://|\{\{base\}\}/)`)

// request wants the newest incident to have the request that failed, and
// returns the name of its file.
func (w *world) request() string {
	w.t.Helper()
	names, err := filepath.Glob(filepath.Join(w.dir, ".duskpress", "incidents", "*", "request.http"))
	if err != nil || len(names) == 0 {
		w.t.Fatalf("no request is kept: %v", err)
	}
	name := names[len(names)-1]
	if data, err := os.ReadFile(name); err != nil || !requestLine.Match(data) {
		w.t.Errorf("no request in %s: %v\n%s", name, err, data)
	}
	return name
}

// noToken looks for the token in all that was printed and in every file that
// the tool may have written.
func (w *world) noToken(r ran) {
	w.t.Helper()
	if strings.Contains(r.out+r.err, fakenetlify.Token) {
		w.t.Errorf("the token was printed:\n%s", r)
	}
	err := filepath.WalkDir(w.dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(name)
		if err == nil && bytes.Contains(data, []byte(fakenetlify.Token)) {
			w.t.Errorf("the token was written to %s", name)
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// isLive wants the world's site to be live, each file and nothing else but
// build.json.
func (w *world) isLive() string {
	w.t.Helper()
	id, files := w.fake.Live()
	have := make(map[string]string, len(files))
	for name, data := range files {
		have[name] = string(data)
	}
	if !strings.Contains(have["build.json"], `"fingerprint":"`) {
		w.t.Errorf("build.json is %q", have["build.json"])
	}
	delete(have, "build.json")
	if !maps.Equal(have, w.site) {
		w.t.Errorf("live is %v, built was %v", have, w.site)
	}
	return id
}

// oldIsLive wants what was live before.
func (w *world) oldIsLive() {
	w.t.Helper()
	_, files := w.fake.Live()
	if string(files["index.html"]) != old()["index.html"] || len(files) != len(old()) {
		w.t.Errorf("live is not what it was: %d files", len(files))
	}
}

// verified wants a run that ended well.
func (w *world) verified(r ran) {
	w.t.Helper()
	if r.exit != 0 || !strings.Contains(r.out, "verified") {
		w.t.Fatalf("not verified: %s", r)
	}
}
