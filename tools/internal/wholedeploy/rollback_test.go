package wholedeploy

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	fake "duskpress/tools/internal/fakenetlify"
	"duskpress/tools/internal/sitetest"
)

const outage = `# What broke: the page of the first post is empty.
@base = http://127.0.0.1:1313

### the first post has its heading
# @name first
# @expect status 200
# @expect body contains <h1>first</h1>
GET {{base}}/posts/first/
Authorization: Basic {{$processEnv PROBE_SECRET}}
`

// broken deploys a good site, then one that has lost a heading, and returns
// their ids.
func broken(t *testing.T) (w *world, good, bad string) {
	w = newWorld(t, small())
	w.verified(w.deploy())
	good = w.isLive()
	site := small()
	site["posts/first/index.html"] = "<!doctype html><title>first</title>"
	w.write(site)
	w.verified(w.deploy())
	bad = w.isLive()
	w.fake.Reset()
	sitetest.Write(t, filepath.Join(w.dir, "outage.http"), outage)
	w.env = append(w.env, "PROBE_SECRET=s3cr3t-of-the-probe")
	return w, good, bad
}

func TestRollback(t *testing.T) {
	t.Parallel()
	w, good, bad := broken(t)
	r := w.run("rollback", "--because", "outage.http", "--lock", "--timeout", "600m")
	if r.exit != 0 || !strings.Contains(r.last(), "rolled back to "+good) || !strings.Contains(r.last(), changedWords) {
		t.Fatalf("%s", r)
	}
	w.site = small()
	if id := w.isLive(); id != good {
		t.Errorf("live is %s, not %s", id, good)
	}
	// What the failure looked like is kept, without secrets.
	dirs, err := filepath.Glob(filepath.Join(w.dir, ".duskpress", "incidents", "*-rollback"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("%v %v", dirs, err)
	}
	report, err := os.ReadFile(filepath.Join(dirs[0], "report.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{bad, good, "FAIL expect body contains", "ok   expect body contains", "GET " + w.fake.LiveURL() + "/posts/first/", "Etag", "total", "[redacted]"} {
		if !strings.Contains(string(report), want) {
			t.Errorf("the incident has no %q:\n%s", want, report)
		}
	}
	if strings.Contains(string(report), "s3cr3t") {
		t.Errorf("a secret in the incident:\n%s", report)
	}
	var in struct {
		Failing, Target string
		Live            struct{ Passed bool }
	}
	data, err := os.ReadFile(filepath.Join(dirs[0], "incident.json"))
	if err == nil {
		err = json.Unmarshal(data, &in)
	}
	if err != nil || in.Failing != bad || in.Target != good || in.Live.Passed {
		t.Errorf("%v %+v", err, in)
	}
	// It is locked: a deploy is not published, until it is unlocked.
	if r := w.deploy(); r.exit != 8 || !strings.Contains(r.out, "locked") {
		t.Fatalf("%s", r)
	}
	if r := w.run("status", "--unlock"); r.exit != 0 {
		t.Fatalf("%s", r)
	}
	w.write(small())
	w.verified(w.deploy())
}

// TestRollbackWithoutReason plants reasons that are none.
func TestRollbackWithoutReason(t *testing.T) {
	t.Parallel()
	w, good, bad := broken(t)
	sitetest.Write(t, filepath.Join(w.dir, "fine.http"), "# @expect status 200\nGET {{base}}/\n")
	sitetest.Write(t, filepath.Join(w.dir, "both.http"), "# @expect status 200\nGET {{base}}/nowhere\n")
	sitetest.Write(t, filepath.Join(w.dir, "wrong.http"), "# @expect the best\nGET {{base}}/\n")
	for _, c := range []struct {
		args  []string
		words string
	}{
		{[]string{"--because", "fine.http"}, "passes on what is live"},
		{[]string{"--because", "both.http"}, "fails on deploy " + good + " too"},
		{[]string{"--because", "wrong.http"}, "wrong.http:1:11: error: unknown expectation"},
		{[]string{"--because", "missing.http"}, "missing.http"},
		{nil, "what is wrong?"},
		{[]string{"--force"}, "--force needs a reason"},
		{[]string{"--because", "outage.http", "--to", bad}, "is live"},
		{[]string{"--because", "outage.http", "--to", "../../etc"}, "no id of a deploy"},
	} {
		r := w.run(append([]string{"rollback"}, c.args...)...)
		if r.exit != 2 || !strings.Contains(r.out, c.words) {
			t.Errorf("%v: %s", c.args, r)
		}
		if id, _ := w.fake.Live(); id != bad {
			t.Fatalf("%v: live is %s", c.args, id)
		}
	}
	if w.fake.Count("restore") != 0 {
		t.Error("something was restored")
	}
	w.fake.Remove(good)
	if r := w.run("rollback", "--because", "outage.http"); r.exit != 4 || !strings.Contains(r.out, "no longer has deploy "+good) {
		t.Errorf("%s", r)
	}
}

func TestRollbackForced(t *testing.T) {
	t.Parallel()
	w, good, _ := broken(t)
	r := w.run("rollback", "--force", "--why", "the law", "--to", good)
	if r.exit != 0 {
		t.Fatalf("%s", r)
	}
	data, err := os.ReadFile(filepath.Join(w.dir, ".duskpress", "journal.jsonl"))
	if err != nil || !strings.Contains(string(data), `forced true; why \"the law\"`) {
		t.Errorf("the journal does not have it: %v %s", err, data)
	}
}

// TestRollbackReads goes back from a deploy in which many files are others: all
// of them are read back, and of the rest a sample.
func TestRollbackReads(t *testing.T) {
	t.Parallel()
	first, second := small(), small()
	for i := range 60 {
		first[fmt.Sprintf("changed/%d.txt", i)], second[fmt.Sprintf("changed/%d.txt", i)] = "old", fmt.Sprint("new ", i)
		first[fmt.Sprintf("same/%d.txt", i)], second[fmt.Sprintf("same/%d.txt", i)] = fmt.Sprint(i), fmt.Sprint(i)
	}
	w := newWorld(t, first)
	w.verified(w.deploy())
	w.write(second)
	w.verified(w.deploy())
	r := w.run("rollback", "--force", "--why", "a test", "--timeout", "600m")
	w.verified(r)
	w.site = first
	w.isLive()
	m := regexp.MustCompile(`verified: (\d+) of 131 files`).FindStringSubmatch(r.out)
	if m == nil {
		t.Fatalf("%s", r)
	}
	// Beside the 60: the home page, 404.html, build.json and 25 others.
	if m[1] != "88" {
		t.Errorf("%s files were read back: %s", m[1], r)
	}
}

// TestRollbackFaults holds rollback to the same promises as deploy.
func TestRollbackFaults(t *testing.T) {
	t.Parallel()
	for _, f := range []fake.Fault{
		{Op: "restore", Kind: fake.DropAfter}, {Op: "restore", Kind: fake.Status, Status: 502, Times: 3},
		{Op: "page", Nth: 30, Kind: fake.Status, Status: 503, Times: 2}, {Op: "site", Nth: 2, Kind: fake.DropBefore, Times: 2},
	} {
		t.Run(f.Op+" "+string(f.Kind), func(t *testing.T) {
			t.Parallel()
			w, good, _ := broken(t)
			w.fake.Add(f)
			if r := w.run("rollback", "--because", "outage.http", "--timeout", "600m"); r.exit != 0 {
				t.Fatalf("%s", r)
			}
			if id, _ := w.fake.Live(); id != good {
				t.Errorf("live is %s", id)
			}
			if n := len(w.fake.Published); n != 1 {
				t.Errorf("published %v", w.fake.Published)
			}
		})
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	w, good, bad := broken(t)
	for _, args := range [][]string{{"verify"}, {"verify", good}, {"verify", bad}} {
		r := w.run(args...)
		if r.exit != 0 || !strings.Contains(r.out, "9 of 11 files read back") || !strings.Contains(r.last(), unchangedWords) {
			t.Errorf("%v: %s", args, r)
		}
	}
	w.fake.Add(fake.Fault{Op: "page", Kind: fake.Rewrite, Times: -1})
	if r := w.run("verify"); r.exit != 7 || !strings.Contains(r.out, "sent was") {
		t.Errorf("%s", r)
	}
	w.fake.Heal()
	w.fake.Add(fake.Fault{Op: "page", Kind: fake.OtherHeaders, Times: -1})
	if r := w.run("verify"); r.exit != 7 || !strings.Contains(r.out, `/ has X-Content-Type-Options "other", _headers gives it "nosniff"`) || !strings.Contains(r.last(), unchangedWords) {
		t.Errorf("%s", r)
	}
	w.fake.Heal()
	if r := w.run("verify", "ffffffffffffffffffffffff"); r.exit != 2 {
		t.Errorf("%s", r)
	}
	// On another machine the host's own list has to do.
	if err := os.RemoveAll(filepath.Join(w.dir, ".duskpress")); err != nil {
		t.Fatal(err)
	}
	if r := w.run("verify"); r.exit != 0 || !strings.Contains(r.out, "the host's own list") {
		t.Errorf("%s", r)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	w, good, bad := broken(t)
	r := w.run("status")
	if r.exit != 0 || !strings.Contains(r.out, bad+"  "+bad) || !strings.Contains(r.out, "verified earlier: "+good) || !strings.Contains(r.last(), "they agree") {
		t.Errorf("%s", r)
	}
	// What is built here is newer: no fault, but said.
	sitetest.Write(t, w.public("index.html"), "<h1>new</h1>")
	if r = w.run("status"); r.exit != 0 || !strings.Contains(r.out, "what is built here is not what is live") {
		t.Errorf("%s", r)
	}
	// Another deploy was published.
	other := w.fake.Publish(old())
	if r = w.run("status", "--format", "json"); r.exit != 7 || !strings.Contains(r.last(), other) || !strings.Contains(r.last(), `"flags":["the journal has `+bad) {
		t.Errorf("%s", r)
	}
	// A killed run.
	w.fake.Add(fake.Fault{Op: "upload", Kind: fake.Call, Do: w.end})
	if r = w.deploy(); !r.killed {
		t.Fatalf("%s", r)
	}
	if r = w.run("status"); !strings.Contains(r.out, "it was killed") {
		t.Errorf("%s", r)
	}
	// A host that does not answer must not keep one waiting.
	w.fake.Add(fake.Fault{Op: "site", Kind: fake.Late, Delay: 5 * time.Second, Times: -1})
	if r = w.run("status"); r.exit != 5 || !strings.Contains(r.out, "the host cannot be asked") {
		t.Errorf("%s", r)
	}
	w.swiftStatus()
	w.fake.Heal()
	// Records that are no records.
	receipts := filepath.Join(w.dir, ".duskpress", "receipts")
	sitetest.Write(t, filepath.Join(receipts, good+".json"), "{")
	if r = w.run("status"); !strings.Contains(r.out, "the receipt of deploy "+good+" cannot be read") {
		t.Errorf("%s", r)
	}
	if r = w.run("verify", good); r.exit != 2 || !strings.Contains(r.out, "receipt "+good) {
		t.Errorf("%s", r)
	}
	sitetest.Write(t, filepath.Join(receipts, other+".json"), "{")
	if r = w.run("verify"); r.exit != 0 || !strings.Contains(r.out, "cannot be read") || !strings.Contains(r.out, "the host's own list") {
		t.Errorf("%s", r)
	}
	if err := os.RemoveAll(receipts); err != nil {
		t.Fatal(err)
	}
	if r = w.run("status"); !strings.Contains(r.out, "no deploy was verified from here") {
		t.Errorf("%s", r)
	}
	journal := filepath.Join(w.dir, ".duskpress", "journal.jsonl")
	if err := errors.Join(os.Remove(journal), os.Mkdir(journal, 0o777)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"status"}, {"deploy", "--no-build", "--allow-shrink"}} {
		if r = w.run(args...); r.exit != 1 || !strings.Contains(r.last(), unchangedWords) {
			t.Errorf("%s", r)
		}
	}
	w.fake.SetLocked(true)
	w.env = append(w.env, "NETLIFY_AUTH_TOKEN=wrong")
	if r = w.run("status", "--unlock"); r.exit != 3 || !strings.Contains(r.last(), unchangedWords) {
		t.Errorf("%s", r)
	}
	if err := os.Remove(journal); err != nil {
		t.Fatal(err)
	}
	if r = w.run("status"); r.exit != 3 {
		t.Errorf("%s", r)
	}
}

// swiftStatus wants a status within two seconds, once in three times. Where the
// tool takes long to say its version, the machine is busy, and gets more.
func (w *world) swiftStatus() {
	w.t.Helper()
	const usual = 300 * time.Millisecond
	var took []time.Duration
	for range 3 {
		limit := 2 * time.Second
		if v := w.run("--version"); v.took > usual {
			limit = time.Duration(float64(limit) * float64(v.took) / float64(usual))
		}
		r := w.run("status")
		if took = append(took, r.took); r.took < limit {
			return
		}
	}
	w.t.Errorf("status took %v", took)
}

// TestFolder deploys to a directory: the same state machine, another host.
func TestFolder(t *testing.T) {
	t.Parallel()
	w := &world{t: t, dir: t.TempDir(), fake: fake.New(t), tool: sitetest.Tool(t), kill: func() {}, stop: func() {}, env: sitetest.Env("DUSKPRESS_DEPLOY_HASTE=100")}
	w.write(small())
	to := filepath.Join(t.TempDir(), "www")
	target := "dir:" + to
	deploy := func(args ...string) ran {
		t.Helper()
		return w.run(append([]string{"deploy", "--no-build", "--allow-shrink", "--target", target}, args...)...)
	}
	live := func() map[string]string {
		t.Helper()
		dir, err := filepath.EvalSymlinks(filepath.Join(to, "current"))
		if err != nil {
			t.Fatal(err)
		}
		tree := sitetest.Tree(t, dir)
		delete(tree, "build.json")
		return tree
	}
	first := deploy()
	w.verified(first)
	if len(live()) != len(small()) {
		t.Errorf("live is %v", live())
	}
	good, err := os.Readlink(filepath.Join(to, "current"))
	if err != nil {
		t.Fatal(err)
	}
	// The next command is for the same host.
	if !strings.Contains(first.last(), "next: duskpress status --target "+target+", ") {
		t.Errorf("%s", first)
	}
	if r := deploy(); r.exit != 0 || !strings.Contains(r.last(), "live already") || !strings.Contains(r.last(), unchangedWords) {
		t.Errorf("%s", r)
	}
	site := small()
	site["index.html"] = "<h1>second</h1>"
	w.write(site)
	w.verified(deploy())
	if live()["index.html"] != site["index.html"] {
		t.Error("the second site is not live")
	}
	// A directory sends no headers: nothing is said to have been seen of them.
	if r := w.run("verify", "--target", target); strings.Contains(r.out, "effects") || !strings.Contains(r.out, "was not tried") {
		t.Errorf("%s", r)
	}
	for _, inside := range []string{w.public("releases"), w.public(""), w.dir} {
		if r := w.run("deploy", "--no-build", "--target", "dir:"+inside); r.exit != 2 || !strings.Contains(r.out, "lie in one another") || !strings.Contains(r.last(), unchangedWords) {
			t.Errorf("%s", r)
		}
	}
	for _, args := range [][]string{{"verify"}, {"status"}} {
		if r := w.run(append(args, "--target", target)...); r.exit != 0 {
			t.Errorf("%s", r)
		}
	}
	// A probe is tried on the releases, served for it.
	sitetest.Write(t, filepath.Join(w.dir, "home.http"), "# @expect body contains <h1>home</h1>\n# @expect header x-content-type-options is nosniff\nGET {{base}}/\n")
	if r := w.run("probe", "--target", target, "home.http"); r.exit != 1 || !strings.Contains(r.out, "FAIL expect body contains") || !strings.Contains(r.out, "ok   expect header") {
		t.Errorf("%s", r)
	}
	sitetest.Write(t, filepath.Join(w.dir, "fine.http"), "# @expect status 200\nGET {{base}}/posts/first/\n")
	if r := w.run("rollback", "--because", "fine.http", "--target", target); r.exit != 2 || !strings.Contains(r.out, "passes on what is live") {
		t.Errorf("%s", r)
	}
	if r := w.run("rollback", "--because", "home.http", "--target", target, "--lock"); r.exit != 0 || !strings.Contains(r.last(), "status --unlock --target "+target+", then") || !strings.Contains(r.last(), filepath.Base(good)) {
		t.Errorf("%s", r)
	}
	if now, _ := os.Readlink(filepath.Join(to, "current")); now != good {
		t.Errorf("current is %s", now)
	}
	if r := deploy(); r.exit != 8 {
		t.Errorf("locked: %s", r)
	}
	// Somebody changes a file that is live.
	if err := os.WriteFile(filepath.Join(to, "current", "feed.xml"), []byte("changed"), 0o666); err != nil {
		t.Fatal(err)
	}
	if r := w.run("verify", "--target", target); r.exit != 7 || !strings.Contains(r.out, "feed.xml") {
		t.Errorf("%s", r)
	}
	// And one of a release that is wanted again: it is made anew.
	if r := w.run("status", "--unlock", "--target", target); r.exit > 7 {
		t.Errorf("%s", r)
	}
	w.write(site)
	second, err := filepath.Glob(filepath.Join(to, "releases", "*", "index.html"))
	if err != nil || len(second) != 2 {
		t.Fatalf("%v %v", second, err)
	}
	if err := os.WriteFile(second[1], []byte("changed"), 0o666); err != nil {
		t.Fatal(err)
	}
	if r := deploy(); r.exit != 6 || !strings.Contains(r.out, "/ has SHA-256") {
		t.Errorf("%s", r)
	}
	r := deploy()
	w.verified(r)
	if live()["index.html"] != site["index.html"] || !strings.Contains(r.out, "a new one was begun") {
		t.Errorf("%s", r)
	}
	if r := w.run("deploy", "--no-build", "--target", "dir:"+filepath.Join(to, "no", "where")); r.exit != 2 {
		t.Errorf("%s", r)
	}
	if r := deploy("--alias", "x"); r.exit == 0 {
		t.Errorf("%s", r)
	}
}

// TestFolderKilled kills deploys to a directory at random, and then lets one
// end: the link always leads to a whole site.
func TestFolderKilled(t *testing.T) {
	t.Parallel()
	n := 8
	if os.Getenv("DUSKPRESS_HEAVY") != "" {
		n = 60
	}
	w := &world{t: t, dir: t.TempDir(), fake: fake.New(t), tool: sitetest.Tool(t), kill: func() {}, stop: func() {}, env: sitetest.Env("DUSKPRESS_DEPLOY_HASTE=100")}
	to := filepath.Join(t.TempDir(), "www")
	var sites []string
	for i := range n {
		site := small()
		for k := range 60 {
			site["many/"+strings.Repeat("p", k+1)+"/index.html"] = strings.Repeat("page ", i*k)
		}
		site["index.html"] = strings.Repeat("i", i)
		w.write(site)
		sites = append(sites, sitetest.Sum(w.site))
		stop := time.AfterFunc(time.Duration(40+i*9%120)*time.Millisecond, w.end)
		r := w.run("deploy", "--no-build", "--allow-shrink", "--target", "dir:"+to)
		stop.Stop()
		dir, err := filepath.EvalSymlinks(filepath.Join(to, "current"))
		if err != nil {
			if !os.IsNotExist(err) {
				t.Fatalf("%v: %s", err, r)
			}
			continue
		}
		tree := sitetest.Tree(t, dir)
		delete(tree, "build.json")
		if !slices.Contains(sites, sitetest.Sum(tree)) {
			t.Fatalf("current leads to something that was never built: %s", r)
		}
	}
	w.verified(w.run("deploy", "--no-build", "--allow-shrink", "--target", "dir:"+to))
	dir, err := filepath.EvalSymlinks(filepath.Join(to, "current"))
	if err != nil {
		t.Fatal(err)
	}
	tree := sitetest.Tree(t, dir)
	delete(tree, "build.json")
	if sitetest.Sum(tree) != sites[len(sites)-1] {
		t.Error("the last site is not live")
	}
}
