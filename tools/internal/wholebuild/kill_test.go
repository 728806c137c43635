package wholebuild

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"duskpress/tools/internal/sitetest"
	"duskpress/tools/internal/testenv"
)

// A pair is a site whose content is one of two versions, and what each gives.
type pair struct {
	site string
	want map[string]map[string]string // by version
	is   string                       // the version that the source holds
	took time.Duration                // an ordinary build
	env  []string
}

// newPair makes a site of 60 posts and, in directories of their own, the two
// references. Every text differs between the versions, and each has a post that
// the other has not.
func newPair(t *testing.T) *pair {
	t.Helper()
	top := t.TempDir()
	tmp := filepath.Join(top, "tmp")
	if err := os.Mkdir(tmp, 0o777); err != nil {
		t.Fatal(err)
	}
	p := &pair{site: filepath.Join(top, "site"), want: make(map[string]map[string]string), env: []string{"TMPDIR=" + tmp}}
	sitetest.CopyRepoSite(t, p.site)
	for _, v := range []string{"A", "B"} {
		ref := filepath.Join(top, "reference "+v)
		sitetest.CopyRepoSite(t, ref)
		writePosts(t, ref, 60, 11, "version"+v)
		sitetest.Write(t, filepath.Join(ref, "content", "posts", "only-in-"+v+".md"), "# Only in "+v+"\n#### 2025-05-05\n###### only-"+v+"\n\nText.\n")
		press(t, ref, p.env)
		p.took = press(t, ref, p.env).took
		p.want[v] = published(t, filepath.Join(ref, "public"))
		rename(t, filepath.Join(ref, "content"), filepath.Join(p.site, "content."+v))
	}
	a, b := p.want["A"], p.want["B"]
	if len(a) < 100 || differ(a, b) == "" || a["posts/only-in-a/index.html"] == "" || b["posts/only-in-a/index.html"] != "" {
		t.Fatalf("the references are no references: %d and %d files", len(a), len(b))
	}
	if err := os.RemoveAll(filepath.Join(p.site, "content")); err != nil {
		t.Fatal(err)
	}
	p.is = "B"
	rename(t, filepath.Join(p.site, "content.B"), filepath.Join(p.site, "content"))
	p.turn(t)
	press(t, p.site, p.env)
	if diff := differ(a, p.public(t)); diff != "" {
		t.Fatalf("the first build and its reference:\n%s", diff)
	}
	return p
}

// turn gives the source its other version.
func (p *pair) turn(t *testing.T) {
	t.Helper()
	other := map[string]string{"A": "B", "B": "A"}[p.is]
	content := filepath.Join(p.site, "content")
	rename(t, content, content+"."+p.is)
	rename(t, content+"."+other, content)
	p.is = other
}

func (p *pair) public(t *testing.T) map[string]string {
	t.Helper()
	return published(t, filepath.Join(p.site, "public"))
}

// whole returns the version that is published, and fails if it is none.
func (p *pair) whole(t *testing.T, when string) string {
	t.Helper()
	got := p.public(t)
	for v, want := range p.want {
		if differ(want, got) == "" {
			return v
		}
	}
	t.Fatalf("%s: neither A nor B\nagainst A:\n%s\nagainst B:\n%s", when, differ(p.want["A"], got), differ(p.want["B"], got))
	return ""
}

// finish builds to the end and looks at everything.
func (p *pair) finish(t *testing.T) {
	t.Helper()
	press(t, p.site, p.env)
	if diff := differ(p.want[p.is], p.public(t)); diff != "" {
		t.Fatalf("a whole build, against its reference:\n%s", diff)
	}
	for _, e := range entries(t, p.site) {
		if strings.HasSuffix(e, ".duskpress") && e != ".duskpress" {
			t.Errorf("%s is left beside public", e)
		}
	}
	if changed := filepath.Join(p.site, ".duskpress", "changed"); exists(changed) {
		t.Errorf("the tool holds files for changed by someone: %v", names(read(t, changed)))
	}
}

func random(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, seed))
}

func between(r *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(r.Int64N(int64(to-from)+1))
}

// TestKill kills builds: one in four at any moment, one in the last fifth, one in
// the milliseconds after the receipt of the new site is written to staging, one in
// those after the finished site stands ready to be swapped in. public/ is exactly
// the old site or exactly the new one, the receipt included, and always there.
func TestKill(t *testing.T) {
	kills := count(10, 100)
	p, r := newPair(t), random(t)
	t.Logf("a build takes %v", p.took.Round(time.Millisecond))
	// Where directories cannot be exchanged there is a moment without one.
	exchange := runtime.GOOS == "linux" || runtime.GOOS == "darwin"
	stop := reader(filepath.Join(p.site, "public", "index.html"))
	receipt := filepath.Join(p.site, ".public.duskpress", "new", sitetest.Receipt)
	swap := filepath.Join(p.site, ".public.duskpress", "swap")
	late, swaps, seen := 0, 0, map[string]int{}
	for killed := 0; killed < kills; {
		if late > 2*kills {
			t.Fatalf("%d builds ended before they could be killed", late)
		}
		before := p.is
		if r.IntN(8) > 0 { // else the same content again
			p.turn(t)
		}
		b := start(t, limit, p.site, p.env, sitetest.Tool(t), "build")
		var what string
		switch killed % 4 {
		case 0:
			what = pause(b, between(r, 0, p.took))
		case 1:
			what = pause(b, between(r, p.took*4/5, p.took*11/10))
		case 2:
			await(b, receipt)
			what = "receipt and " + pause(b, between(r, 0, 6*time.Millisecond))
		case 3:
			await(b, swap)
			what = "swap and " + pause(b, between(r, 0, 2*time.Millisecond))
		}
		_ = b.cmd.Process.Kill()
		<-b.done
		met := exists(swap)
		when := fmt.Sprintf("kill %d at %s, source from %s to %s", killed, what, before, p.is)
		is := p.whole(t, when)
		if b.cmd.ProcessState.Exited() {
			late++
			if code := b.cmd.ProcessState.ExitCode(); code != 0 || is != p.is {
				t.Fatalf("%s: ended first, with exit %d, but %s is published\n%s", when, code, is, b.out.String())
			}
			continue
		}
		outcome := "nothing to change"
		switch {
		case before != p.is && is == p.is:
			outcome = "new"
		case before != p.is:
			outcome = "old"
		}
		seen[outcome]++
		if met {
			swaps++
		}
		killed++
		if killed%10 == 0 {
			p.finish(t)
		}
	}
	p.finish(t)
	reads, err := stop()
	if exchange && err != nil {
		t.Errorf("a reader of public/index.html: %v", err)
	}
	t.Logf("%d kills, %d of them amid a swap: %v; %d builds ended first; %d reads meanwhile", kills, swaps, seen, late, reads)
	if left := entries(t, strings.TrimPrefix(p.env[0], "TMPDIR=")); len(left) > 0 {
		t.Logf("left in TMPDIR: %v", left)
	}
}

// await looks for a file every few microseconds, or until the process has ended.
func await(b *proc, file string) {
	for !exists(file) && !b.ended() {
		time.Sleep(20 * time.Microsecond)
	}
}

// pause waits, or for the end of the process.
func pause(b *proc, d time.Duration) string {
	select {
	case <-time.After(d):
	case <-b.done:
	}
	return d.Round(100 * time.Microsecond).String()
}

// interrupted tells whether a build ended as one that was interrupted. Before
// the tool listens the signal itself ends it, which a shell calls 130 as well.
func interrupted(b *proc) bool {
	if ws, ok := b.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return ws.Signal() == syscall.SIGINT
	}
	return b.cmd.ProcessState.ExitCode() == 130
}

// TestInterrupt sends SIGINT at random moments: exit 130 promptly and
// the old site, or 0 and the new one.
func TestInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		testenv.Lacks(t, testenv.System, "no process can be interrupted from here on Windows")
	}
	p, r := newPair(t), random(t)
	seen := map[string]int{}
	for i := range count(3, 10) {
		before := p.whole(t, "before")
		if p.is == before {
			p.turn(t)
		}
		b := start(t, limit, p.site, p.env, sitetest.Tool(t), "build")
		at := pause(b, between(r, p.took/20, p.took))
		sent := time.Now()
		_ = b.cmd.Process.Signal(os.Interrupt)
		b.wait(t)
		took := time.Since(sent)
		is, code := p.whole(t, "interrupt"), b.cmd.ProcessState.ExitCode()
		switch {
		case interrupted(b) && is == before:
			seen["130"]++
			if code == 130 && !strings.Contains(b.out.String(), "exit=130") {
				t.Errorf("the last line says nothing of exit=130:\n%s", b.out.String())
			}
		case code == 0 && is == p.is:
			seen["0"]++
		default:
			t.Errorf("interrupt %d after %s: %v, published %s, before %s, source %s\n%s", i, at, b.cmd.ProcessState, is, before, p.is, b.out.String())
		}
		if took > prompt {
			t.Errorf("interrupt %d after %s: %v until it ended", i, at, took)
		}
	}
	t.Logf("exits: %v", seen)
	p.finish(t)
}

// prompt is how long an answer may take that waits for nothing, on a busy machine.
const prompt = 30 * time.Second

// TestInterruptSlow interrupts a build whose template takes for ever.
func TestInterruptSlow(t *testing.T) {
	if runtime.GOOS == "windows" {
		testenv.Lacks(t, testenv.System, "no process can be interrupted from here on Windows")
	}
	site, old := slowSite(t, 1_000_000_000)
	b := start(t, limit, site, nil, sitetest.Tool(t), "build")
	awaitLock(t, b, site)
	time.Sleep(500 * time.Millisecond)
	sent := time.Now()
	_ = b.cmd.Process.Signal(os.Interrupt)
	if code := b.wait(t); code != 130 || time.Since(sent) > prompt {
		t.Errorf("exit %d after %v\n%s", code, time.Since(sent), b.out.String())
	}
	if diff := differ(old, published(t, filepath.Join(site, "public"))); diff != "" {
		t.Errorf("public/ changed:\n%s", diff)
	}
	if got := entries(t, site); slices.Contains(got, ".public.duskpress") {
		t.Errorf("the staging place is left: %v", got)
	}
}

// slowSite is a published site whose template has since become slow.
func slowSite(t *testing.T, loops int) (site string, old map[string]string) {
	t.Helper()
	site = filepath.Join(t.TempDir(), "site")
	sitetest.Write(t, filepath.Join(site, "hugo.toml"), "baseURL = \"https://slow.example.org/\"\ntitle = \"Slow\"\ndisableKinds = [\"taxonomy\", \"term\", \"rss\", \"sitemap\", \"404\", \"section\"]\n")
	sitetest.Write(t, filepath.Join(site, "layouts", "home.html"), "<!doctype html><title>quick</title>\n")
	press(t, site, nil)
	sitetest.Write(t, filepath.Join(site, "layouts", "home.html"), fmt.Sprintf("<!doctype html><title>slow</title>{{ range seq 1000 }}{{ range seq %d }}{{ end }}{{ end }}\n", loops/1000))
	return site, published(t, filepath.Join(site, "public"))
}

func awaitLock(t *testing.T, b *proc, site string) {
	t.Helper()
	for !exists(filepath.Join(site, ".public.duskpress", "new")) {
		if b.ended() {
			t.Fatalf("the slow build was too fast\n%s", b.out.String())
		}
		time.Sleep(time.Millisecond)
	}
}

// TestLock starts a second build while a first one holds the lock.
func TestLock(t *testing.T) {
	site, _ := slowSite(t, 60_000_000)
	load := press(t, site, nil, "-d", filepath.Join(t.TempDir(), "elsewhere"), "--layoutDir", "none").took

	first := start(t, limit, site, nil, sitetest.Tool(t), "build")
	awaitLock(t, first, site)
	for range 2 {
		second := run(t, 1, site, nil, sitetest.Tool(t), "build")
		if first.ended() {
			t.Fatalf("the first build, of %v, ended before the second, of %v: nothing was tried", first.took, second.took)
		}
		if second.took > load+prompt {
			t.Errorf("the second build took %v, another one %v", second.took, load)
		}
		for _, want := range []string{fmt.Sprint("pid ", first.cmd.Process.Pid), "exit=1"} {
			if !strings.Contains(second.out.String(), want) {
				t.Errorf("the second build says nothing of %q:\n%s", want, second.out.String())
			}
		}
	}
	if code := first.wait(t); code != 0 {
		t.Fatalf("the first build: exit %d\n%s", code, first.out.String())
	}
	if got := published(t, filepath.Join(site, "public"))["index.html"]; !strings.Contains(got, "slow") {
		t.Errorf("published is %q", got)
	}
	t.Logf("the first build took %v", first.took)
}
