package wholedeploy

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	fake "duskpress/tools/internal/fakenetlify"
	"duskpress/tools/internal/sitetest"
)

// TestEndings are endings that the table of failures does not have.
func TestEndings(t *testing.T) {
	type ending struct {
		name    string
		args    []string
		prepare func(w *world)
		exit    int
		words   []string
		live    string // old, ours
		// posts is how many calls that change something were made: -1 is any.
		posts int
	}
	without := func(names ...string) func(w *world) {
		return func(w *world) {
			for _, name := range names {
				if err := os.Remove(w.public(name)); err != nil {
					w.t.Fatal(err)
				}
			}
		}
	}
	for _, e := range []ending{
		{"no token", nil, func(w *world) { w.env = append(w.env, "NETLIFY_AUTH_TOKEN=") }, 2, []string{"NETLIFY_AUTH_TOKEN is not set", unchangedWords}, "old", 0},
		{"a wrong token", nil, func(w *world) { w.env = append(w.env, "NETLIFY_AUTH_TOKEN=wrong") }, 3, []string{"401", unchangedWords}, "old", 0},
		{"no site", nil, func(w *world) { w.env = append(w.env, "NETLIFY_SITE_ID=") }, 2, []string{"no site is named", unchangedWords}, "old", 0},
		{"the site of netlify-cli", nil, func(w *world) {
			w.env = append(w.env, "NETLIFY_SITE_ID=")
			sitetest.Write(w.t, filepath.Join(w.dir, ".netlify", "state.json"), `{"siteId":"`+fake.SiteID+`"}`)
		}, 0, []string{changedWords}, "ours", -1},
		{"the site by name", []string{"--site", fake.SiteName}, nil, 0, []string{changedWords}, "ours", -1},
		{"an unknown site", []string{"--site", "notes-of-dust"}, nil, 4, []string{"did you mean " + fake.SiteName, unchangedWords}, "old", 0},
		{"plain http elsewhere", nil, func(w *world) { w.env = append(w.env, "NETLIFY_API_URL=http://example.org/api/v1") }, 2, []string{"https"}, "old", 0},
		{"no public", nil, func(w *world) { _ = os.RemoveAll(w.public("")) }, 2, []string{"build the site first", unchangedWords}, "old", 0},
		{"no 404.html", nil, without("404.html"), 2, []string{"no 404.html", unchangedWords}, "old", 0},
		{"no index.html", nil, without("index.html"), 2, []string{"no index.html", unchangedWords}, "old", 0},
		{"a # in a name", nil, func(w *world) { sitetest.Write(w.t, w.public("a#b.txt"), "x") }, 2, []string{"a#b.txt", unchangedWords}, "old", 0},
		{"letter case", nil, func(w *world) { sitetest.Write(w.t, w.public("posts/zwei/index.html"), "x") }, 2, []string{"letter case", unchangedWords}, "old", 0},
		{"a link in the site", nil, func(w *world) { _ = os.Symlink("/etc/hostname", w.public("link.txt")) }, 2, []string{"no regular file", unchangedWords}, "old", 0},
		{"the site has a build.json", nil, func(w *world) { sitetest.Write(w.t, w.public("build.json"), "{}") }, 2, []string{"build.json", unchangedWords}, "old", 0},
		{"a dot entry of another", nil, func(w *world) { sitetest.Write(w.t, w.public(".git/config"), "secret") }, 0, []string{"not deployed: .git", changedWords}, "ours", -1},
		{"rules that are none", nil, func(w *world) {
			w.site["_headers"] = "X-Early: 1\n/*\n  X-Content-Type-Options nosniff\n"
			w.site["_redirects"] = "/old /posts/first/ 301\n/a /b 299\n"
			w.write(w.site)
		}, 0, []string{"note: _headers:1: a header without a path above it: this line has no effect", "note: _headers:3: ", "note: _redirects:2: 299 is no status", changedWords}, "ours", -1},
		{"locked", nil, func(w *world) { w.fake.SetLocked(true) }, 8, []string{"locked", unchangedWords}, "old", 0},
		{"locked while it is prepared", nil, func(w *world) {
			w.fake.Add(fake.Fault{Op: "poll", Kind: fake.Call, Do: func() { w.fake.SetLocked(true) }})
		}, 8, []string{"locked", unchangedWords}, "old", -1},
		{"production from git alone", nil, func(w *world) { w.fake.GitOnly = true }, 4, []string{"git alone", unchangedWords}, "old", 0},
		{"drafts are not published", nil, func(w *world) { w.fake.RefuseDrafts = true }, 0, []string{"does not publish drafts", changedWords}, "ours", -1},
		{"directly", []string{"--direct"}, nil, 0, []string{changedWords}, "ours", -1},
		{"a draft", []string{"--draft"}, nil, 0, []string{"the draft is verified", unchangedWords}, "old", -1},
		{"an alias", []string{"--alias", "next"}, nil, 0, []string{"verified at the alias next", unchangedWords}, "old", -1},
		{"the alias of production", []string{"--alias", "trunk"}, func(w *world) { w.fake.Branch = "trunk" }, 2, []string{"publishes to production", unchangedWords}, "old", 0},
		{"the usual branch without git", []string{"--alias", "main"}, nil, 2, []string{"publishes to production", unchangedWords}, "old", 0},
		{"an alias that is no name", []string{"--alias", "next week"}, nil, 2, []string{`the alias "next week" cannot be`, unchangedWords}, "old", 0},
		{"a password", nil, func(w *world) { w.fake.Add(fake.Fault{Op: "permalink", Kind: fake.Password, Times: -1}) }, 6, []string{"password", unchangedWords}, "old", -1},
		{"rewritten on the way", nil, func(w *world) {
			w.fake.PrettyURLs = true
			w.fake.Add(fake.Fault{Op: "permalink", Kind: fake.Rewrite, Times: -1})
		}, 6, []string{"pretty URLs", "SHA-256", unchangedWords}, "old", -1},
		{"rewritten where it is live", nil, func(w *world) { w.fake.Add(fake.Fault{Op: "page", Kind: fake.Rewrite, Times: -1}) }, 7, []string{"sent was", changedWords}, "ours", -1},
		{"headers are lost", nil, func(w *world) { w.fake.Add(fake.Fault{Op: "permalink", Kind: fake.StripHeaders, Times: -1}) }, 6, []string{"has no X-Content-Type-Options", unchangedWords}, "old", -1},
		{"headers have other values", nil, func(w *world) { w.fake.Add(fake.Fault{Op: "permalink", Kind: fake.OtherHeaders, Times: -1}) }, 6, []string{`/ has X-Content-Type-Options "other", _headers gives it "nosniff"`, `/feed.xml has Content-Type "other"`, unchangedWords}, "old", -1},
		{"headers have other values where it is live", nil, func(w *world) { w.fake.Add(fake.Fault{Op: "page", Kind: fake.OtherHeaders, Times: -1}) }, 7, []string{`X-Content-Type-Options "other"`, changedWords}, "ours", -1},
		{"the host adds to headers", nil, func(w *world) { w.fake.Add(fake.Fault{Op: "page", Kind: fake.MoreHeaders, Times: -1}) }, 0, []string{`note: the host adds to the header X-Content-Type-Options: / has "nosniff, more"`, changedWords}, "ours", -1},
		{"paths in lower case", nil, func(w *world) { w.fake.Add(fake.Fault{Op: "manifest", Kind: fake.Lower}) }, -2, []string{unchangedWords}, "old", -1},
		{"a wrong sha, for once", nil, func(w *world) { w.fake.Add(fake.Fault{Op: "upload", Kind: fake.WrongSHA}) }, 0, []string{changedWords}, "ours", -1},
		{"an unknown state", nil, func(w *world) { w.fake.ProcessingPolls = 3; w.fake.Strange = "polishing" }, 0, []string{changedWords}, "ours", -1},
		{"a redirection of the API", nil, func(w *world) { w.fake.Add(fake.Fault{Op: "site", Kind: fake.Status, Status: 302}) }, 4, []string{"302", unchangedWords}, "old", 0},
		{"the host echoes the token", nil, func(w *world) { w.fake.Add(fake.Fault{Op: "create", Kind: fake.Echo, Status: 422}) }, 4, []string{"[token]", unchangedWords}, "old", -1},
		{"the host echoes the token in an error of the deploy", nil, func(w *world) {
			w.fake.Add(fake.Fault{Op: "poll", Kind: fake.ErrorState})
			w.fake.ErrorText = "could not clone with " + fake.Token
		}, 4, []string{"[token]", unchangedWords}, "old", -1},
		{"no time", []string{"--timeout", "0s"}, nil, 2, []string{"leaves no time", unchangedWords}, "old", 0},
		{"two kinds at once", []string{"--draft", "--alias", "x"}, nil, 2, []string{"two kinds", unchangedWords}, "old", 0},
		{"an unknown target", []string{"--target", "ftp:x"}, nil, 2, []string{"unknown target", unchangedWords}, "old", 0},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, small())
			if e.prepare != nil {
				e.prepare(w)
			}
			r := w.deploy(e.args...)
			if e.exit == -2 { // how far a host gets that mixes up paths is its own matter
				if r.exit != 4 && r.exit != 6 {
					t.Fatalf("%s", r)
				}
			} else if r.exit != e.exit {
				t.Fatalf("exit %d, not %d: %s", r.exit, e.exit, r)
			}
			for _, word := range e.words {
				if !strings.Contains(r.out, word) {
					t.Errorf("it does not say %q: %s", word, r)
				}
			}
			if e.live == "ours" {
				w.isLive()
			} else {
				w.oldIsLive()
			}
			posts := 0
			for _, x := range w.fake.Exchanges() {
				if x.Method != "GET" {
					posts++
				}
			}
			if e.posts >= 0 && posts != e.posts {
				t.Errorf("%d calls that change something, not %d: %s", posts, e.posts, r)
			}
		})
	}
}

// TestUsage gives wrong arguments to the commands that speak of production: they
// do so here too.
func TestUsage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small())
	for _, c := range []struct{ args, next string }{
		{"deploy --bogus", "duskpress deploy --help"}, {"deploy more", "duskpress deploy --help"}, {"rollback --timeout soon", "duskpress rollback --help"},
		{"verify a b", "duskpress verify --help"}, {"status --unlock=maybe", "duskpress status --help"}, {"deploy --message a'b --format xml", `duskpress deploy --message 'a'\''b' --format xml`},
	} {
		r := w.run(strings.Fields(c.args)...)
		if r.exit != 2 || !strings.Contains(r.last(), unchangedWords+"; next: "+c.next) || !strings.HasSuffix(r.last(), ", exit=2") {
			t.Errorf("%s: %s", c.args, r)
		}
	}
	if n := len(w.fake.Exchanges()); n > 0 {
		t.Errorf("%d calls", n)
	}
}

// TestKeptRequest sends the requests again that failed runs have kept: they do
// what they were to do.
func TestKeptRequest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault fake.Fault
		exit  int // of the probe
		has   string
	}{
		{fake.Fault{Op: "create", Kind: fake.Status, Status: 422}, 0, `{"draft":true,"async":false}`},
		{fake.Fault{Op: "manifest", Kind: fake.Status, Status: 400}, 0, `"images/a file (1).txt":"`},
		{fake.Fault{Op: "upload", Kind: fake.Status, Status: 422, Times: -1}, 0, "< "},
		{fake.Fault{Op: "poll", Kind: fake.ErrorState}, 0, "/deploys/"},
		{fake.Fault{Op: "site", Kind: fake.Status, Status: 403}, 0, "/sites/" + fake.SiteID},
		{fake.Fault{Op: "restore", Kind: fake.Status, Status: 422}, 0, "/restore"},
		{fake.Fault{Op: "permalink", Kind: fake.Password, Times: -1}, 0, "Accept-Encoding: identity"},
		{fake.Fault{Op: "page", Kind: fake.Old, Times: -1}, 0, "# @expect sha256 "},
		{fake.Fault{Op: "page", Kind: fake.StripHeaders, Times: -1}, 0, "# @expect header X-Content-Type-Options contains nosniff"},
	} {
		t.Run(c.fault.Op+" "+string(c.fault.Kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, small())
			w.fake.Add(c.fault)
			w.deploy()
			name := w.request()
			data, err := os.ReadFile(name)
			if err != nil || !strings.Contains(string(data), c.has) {
				t.Errorf("%v: no %q in %s", err, c.has, data)
			}
			// It fails as long as the fault is there, and no longer.
			if c.fault.Times < 0 {
				if p := w.run("probe", "--target", "file", name); p.exit != 1 {
					t.Errorf("with the fault: %s", p)
				}
			}
			w.fake.Heal()
			if p := w.run("probe", "--target", "file", name); p.exit != c.exit {
				t.Errorf("without the fault: %s\n%s", p, data)
			}
			w.verified(w.deploy())
			if n := len(w.fake.Titled("[fp:")); n != 1 {
				t.Errorf("%d deploys", n)
			}
		})
	}
}

// TestSpoilt has the host mix up the paths of a deploy for good. A second look
// finds it so still, and begins another; nothing is sent again.
func TestSpoilt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small())
	w.fake.Know(w.site) // or it would notice while files are sent
	w.fake.Add(fake.Fault{Op: "manifest", Kind: fake.Lower})
	r := w.deploy()
	if r.exit != 6 || !strings.Contains(r.out, "/posts/Zwei/ answers 404, not 200") || !strings.Contains(r.last(), unchangedWords) {
		t.Fatalf("%s", r)
	}
	w.oldIsLive()
	w.fake.Heal()
	r = w.deploy()
	w.verified(r)
	w.isLive()
	if !strings.Contains(r.out, "now as before: a new one was begun") || len(w.fake.Repeated) > 0 {
		t.Errorf("%v %s", w.fake.Repeated, r)
	}
	// What was found to be of no use is not looked at again.
	w.fake.Reset()
	w.verified(w.deploy())
	if w.fake.Count("create") > 0 {
		t.Error("it was begun once more")
	}
}

func TestDryRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small())
	r := w.deploy("--dry-run")
	if r.exit != 0 || !strings.Contains(r.out, "plan: 8 new, 2 changed, 0 gone, 1 the same; the host may lack 9 files") ||
		!strings.Contains(r.out, "would 1: create an empty draft") || !strings.Contains(r.last(), "nothing was sent; production is unchanged") {
		t.Fatalf("%s", r)
	}
	for flag, want := range map[string]string{"--alias=next": "would 6: read it back at its alias", "--draft": "would 5: read it back at its own address\ndeploy: ", "--direct": "would 6: send the same list as a deploy that publishes itself"} {
		if r := w.deploy("--dry-run", flag); r.exit != 0 || !strings.Contains(r.out, want) {
			t.Errorf("%s: %s", flag, r)
		}
	}
	for _, x := range w.fake.Exchanges() {
		if x.Method != "GET" {
			t.Errorf("a dry run made the call %s %s", x.Method, x.Path)
		}
	}
	if _, err := os.Stat(filepath.Join(w.dir, ".duskpress", "journal.jsonl")); err == nil {
		t.Error("a dry run wrote a journal")
	}
	// What a dry run says is what a run does.
	w.verified(w.deploy())
	if n := len(w.fake.Uploads); n != 9 {
		t.Errorf("%d files were sent", n)
	}
}

func TestShrink(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small())
	w.verified(w.deploy())
	w.write(map[string]string{"index.html": "<h1>less</h1>", "404.html": "none"})
	w.fake.Reset()
	args := []string{"deploy", "--no-build", "--timeout", "600m"}
	r := w.run(args...)
	if r.exit != 2 || !strings.Contains(r.out, "9 of the 11 files") || !strings.Contains(r.out, "--allow-shrink") {
		// build.json stays.
		if !strings.Contains(r.out, "8 of the 11 files") {
			t.Fatalf("%s", r)
		}
	}
	if w.fake.Count("create") != 0 {
		t.Error("something was begun")
	}
	w.verified(w.run(append(args, "--allow-shrink")...))
	w.isLive()
}

// TestJSON wants one object a line, and the last one to say all.
func TestJSON(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small())
	w.fake.Add(fake.Fault{Op: "restore", Kind: fake.Status, Status: 401})
	for _, want := range []struct {
		exit    int
		changed any
	}{{3, false}, {0, true}, {0, false}} {
		r := w.deploy("--format", "json")
		var m map[string]any
		for line := range strings.Lines(r.out) {
			m = nil
			if err := json.Unmarshal([]byte(line), &m); err != nil {
				t.Fatalf("%v: %s", err, r)
			}
		}
		if r.exit != want.exit || m["exit"] != float64(want.exit) || m["production_changed"] != want.changed || m["deploy"] == "" {
			t.Fatalf("%v: %s", m, r)
		}
	}
	// Not known is neither.
	w.write(map[string]string{"index.html": "<h1>x</h1>", "404.html": "none"})
	w.fake.Add(fake.Fault{Op: "restore", Kind: fake.DropAfter})
	w.fake.Add(fake.Fault{Op: "site", Nth: w.fake.Count("site") + 3, Kind: fake.Status, Status: 503, Times: -1})
	r := w.deploy("--format", "json", "--timeout", "1m")
	if r.exit != 6 || !strings.Contains(r.last(), `"production_changed":null`) {
		t.Fatalf("%s", r)
	}
}

// TestTornJournal cuts the journal anywhere in its last line, and expects the
// run to go on as if that line had not been begun.
func TestTornJournal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small())
	w.fake.Add(fake.Fault{Op: "upload", Nth: 4, Kind: fake.Call, Do: w.end})
	if r := w.deploy(); !r.killed {
		t.Fatalf("%s", r)
	}
	name := filepath.Join(w.dir, ".duskpress", "journal.jsonl")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), `"do":"upload","what":"intent"`) {
		t.Fatalf("no intent before the uploads: %s", data)
	}
	torn := append(data, `{"time":"2026-11-03T12:00:00Z","do":"publi`...)
	if err := os.WriteFile(name, torn, 0o666); err != nil {
		t.Fatal(err)
	}
	w.verified(w.deploy())
	w.isLive()
	data, err = os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if !json.Valid([]byte(line)) || !strings.HasSuffix(line, "\n") {
			t.Errorf("a line of the journal that is none: %q", line)
		}
	}
}

// TestWithoutState deletes everything that is known here after a kill: another
// machine has to find the attempt by its fingerprint.
func TestWithoutState(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small())
	w.fake.Add(fake.Fault{Op: "restore", Kind: fake.CallBefore, Do: w.end})
	if r := w.deploy(); !r.killed {
		t.Fatalf("%s", r)
	}
	if err := os.RemoveAll(filepath.Join(w.dir, ".duskpress")); err != nil {
		t.Fatal(err)
	}
	for range 150 { // so that it stands on the second page of the list
		w.fake.Begin("another branch")
	}
	w.fake.Reset()
	w.verified(w.deploy())
	w.isLive()
	if n := w.fake.Count("create") + w.fake.Count("upload"); n != 0 {
		t.Errorf("%d calls that were not needed", n)
	}
}

// TestChangedWhileSent changes a file after it was hashed.
func TestChangedWhileSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small())
	w.fake.Add(fake.Fault{Op: "create", Kind: fake.Call, Do: func() {
		sitetest.Write(t, w.public("posts/first/index.html"), "<!doctype html><title>changed</title>")
		sitetest.Write(t, w.public("images/same.txt"), "TEXT") // of the same length
	}})
	r := w.deploy()
	if r.exit != 6 || !strings.Contains(r.out, "changed since the deploy began") || !strings.Contains(r.last(), unchangedWords) {
		t.Fatalf("%s", r)
	}
	w.oldIsLive()
	w.write(w.site)
	w.verified(w.deploy())
	w.isLive()
}

// TestTwoAtOnce keeps a second deploy from the same directory away.
func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small())
	second := make(chan ran, 1)
	w.fake.Add(fake.Fault{Op: "create", Kind: fake.Call, Do: func() {
		other := &world{t: t, dir: w.dir, fake: w.fake, tool: w.tool, env: w.env, kill: func() {}, stop: func() {}}
		second <- other.deploy()
	}})
	w.verified(w.deploy())
	if r := <-second; r.exit != 1 || !strings.Contains(r.out, "another process holds the lock") || !strings.Contains(r.last(), unchangedWords) {
		t.Errorf("%s", r)
	}
}

// TestInterrupt sends Ctrl-C while files are sent.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small())
	w.fake.Add(fake.Fault{Op: "upload", Nth: 3, Kind: fake.Call, Do: w.interrupt})
	w.fake.Add(fake.Fault{Op: "upload", Nth: 4, Kind: fake.Late, Delay: 2 * time.Second, Times: -1})
	r := w.deploy()
	if r.exit != 6 || !strings.Contains(r.out, "interrupted") || r.took > 3*time.Minute || !strings.Contains(r.last(), "production") {
		t.Fatalf("%s", r)
	}
	w.fake.Heal()
	w.verified(w.deploy())
	w.isLive()
}

// TestBigSite deploys ten thousand files, in seconds and in little memory.
func TestBigSite(t *testing.T) {
	n := 2_000
	if os.Getenv("DUSKPRESS_HEAVY") != "" {
		n = 10_000
	}
	site := small()
	for i := range n {
		site[filepath.Join("many", string(rune('a'+i%26)), "page-"+strings.Repeat("x", i%7), strconv.Itoa(i), "index.html")] = "<!doctype html><title>" + strconv.Itoa(i) + "</title>" + strings.Repeat("text ", i%400)
	}
	big := strings.Repeat("0123456789abcdef", 4<<20) // 64 MB in one file
	site["big.bin"] = big
	w := newWorld(t, site)
	r := w.run("deploy", "--no-build", "--allow-shrink", "--timeout", "600m")
	w.verified(r)
	if kb := w.peak; kb > 300<<10 {
		t.Errorf("%d MB of memory at its peak", kb>>10)
	}
	t.Logf("%d files in %v, %d MB at the peak", len(site), r.took, w.peak>>10)
	if r.took > time.Duration(n)*10*time.Millisecond+2*time.Minute {
		t.Errorf("%d files took %v", len(site), r.took)
	}
	// With as many receipts as are kept, each with its list of files.
	receipts := filepath.Join(w.dir, ".duskpress", "receipts")
	id := w.isLive()
	data, err := os.ReadFile(filepath.Join(receipts, id+".json"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 49 {
		other := fmt.Sprintf("%024x", i)
		sitetest.Write(t, filepath.Join(receipts, other+".json"), strings.Replace(strings.Replace(string(data), id, other, 1), `"verified":"20`, `"verified":"10`, 1))
	}
	if r := w.run("status"); r.exit != 0 || !strings.Contains(r.out, "they agree") {
		t.Errorf("%s", r)
	}
	w.swiftStatus()
}
