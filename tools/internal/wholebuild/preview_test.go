package wholebuild

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"duskpress/tools/internal/sitetest"
	"duskpress/tools/internal/testenv"
)

// told is what a page in a browser is told.
type told struct {
	Build     int
	Failed    bool
	Previewed bool
	Go        string
	Problems  []struct{ Place, Message string }
}

// listen is a page that is open in a browser, and hears of each build.
func listen(t *testing.T, base, page string) <-chan told {
	t.Helper()
	r, err := http.Get(base + ".duskpress-live/events?path=/" + page)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Body.Close() })
	events := make(chan told, 100)
	go func() {
		defer close(events)
		lines := bufio.NewReader(r.Body)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				var e told
				if json.Unmarshal([]byte(data), &e) == nil {
					events <- e
				}
			}
		}
	}()
	return events
}

// TestPreview wants a saved page, and those that a browser shows, before the
// whole site is built again, and then the whole site.
func TestPreview(t *testing.T) {
	if runtime.GOOS == "windows" {
		testenv.Lacks(t, testenv.System, "no process can be interrupted from here on Windows")
	}
	dir := t.TempDir()
	sitetest.CopyRepoSite(t, dir)
	post := func(title, words string) {
		sitetest.Write(t, filepath.Join(dir, "content", "posts", "edited.md"), "+++\ntitle = \""+title+"\"\ndate = 2026-11-01\ndescription = \"Words.\"\ntags = [\"queues\"]\n+++\n\n"+words+"\n")
	}
	post("Edited", "The first words.")
	p := start(t, 2*limit, dir, nil, sitetest.Tool(t), "serve", "--port", "0")
	base := ""
	for base == "" {
		if m := servedAt.FindStringSubmatch(p.out.String()); m != nil {
			base = m[1]
		}
		if p.ended() {
			t.Fatalf("serve has ended:\n%s", p.out.String())
		}
		time.Sleep(20 * time.Millisecond)
	}
	events := listen(t, base, "about/")
	next := func() told {
		t.Helper()
		select {
		case e, ok := <-events:
			if !ok {
				t.Fatalf("serve has ended:\n%s", p.out.String())
			}
			return e
		case <-time.After(limit):
			t.Fatalf("no word of a build:\n%s", p.out.String())
		}
		return told{}
	}
	has := func(page, text string) bool {
		t.Helper()
		return bytes.Contains(fetch(t, base+page), []byte(text))
	}
	first := next()
	// A site that was served for days is not taken for one that a killed command left.
	used, err := filepath.Glob(filepath.Join(dir, ".duskpress", "serve-*"))
	if err != nil || len(used) == 0 {
		t.Fatalf("no directory is served: %v", err)
	}
	for _, name := range used {
		days := time.Now().Add(-72 * time.Hour)
		if err := os.Chtimes(name, days, days); err != nil {
			t.Fatal(err)
		}
	}

	// The saved page is there with the first word, and what it alone is not in
	// comes with the second.
	post("Renamed", "The second words.")
	e := next()
	home := has("tags/queues/", "Renamed")
	if e.Build != first.Build+1 || !e.Previewed || e.Failed || e.Go != "/posts/edited/" {
		t.Errorf("the first word is %+v", e)
	}
	if !has("about/", "Duskpress") {
		t.Error("a page that was there has gone")
	}
	if !has("posts/edited/", "The second words.") || !has("posts/edited/", "Renamed") {
		t.Error("the saved page is not what was saved")
	}
	if len(events) > 0 {
		t.Log("the machine was too slow to look between the preview and the build")
	} else if home {
		t.Error("a page that nobody looks at was made for the preview")
	}
	e = next()
	if e.Build != first.Build+2 || e.Previewed || e.Failed || e.Go != "" {
		t.Errorf("the second word is %+v", e)
	}
	if !has("tags/queues/", "Renamed") {
		t.Error("the whole site is not that of the sources")
	}

	// A template is shown with the pages that are open, a style sheet too.
	sitetest.Write(t, filepath.Join(dir, "layouts", "_partials", "custom", "post-end.html"), "<p>At the end</p>\n")
	sitetest.Write(t, filepath.Join(dir, "layouts", "_partials", "custom", "body-end.html"), "<p>Below all</p>\n")
	if e = next(); !e.Previewed || !has("about/", "Below all") {
		t.Errorf("the open page is not as its template: %+v", e)
	}
	if e = next(); e.Previewed || !has("posts/edited/", "At the end") {
		t.Errorf("the build that follows: %+v", e)
	}

	// What is wrong is told with the first word, and what was there stays.
	post("Renamed", "The third words. {{< nothing >}}")
	if e = next(); !e.Failed || len(e.Problems) != 1 || !strings.HasPrefix(e.Problems[0].Place, "content/posts/edited.md:8:") {
		t.Errorf("the first word of a mistake is %+v", e)
	}
	if e = next(); !e.Failed || len(e.Problems) != 1 {
		t.Errorf("the second word of a mistake is %+v", e)
	}
	if !has("posts/edited/", "The second words.") {
		t.Error("the last good page has gone")
	}

	// What only the whole site shows to be wrong leaves the preview there.
	post("Renamed", "The fourth words.\n\n[gone](/posts/gone/)")
	if e = next(); !e.Previewed || !has("posts/edited/", "The fourth words.") {
		t.Errorf("the first word of a broken link is %+v", e)
	}
	for e.Problems == nil || !strings.Contains(e.Problems[0].Message, "gone") {
		e = next()
	}
	if !e.Failed || !e.Previewed {
		t.Errorf("the second word of a broken link is %+v", e)
	}
	post("Renamed", "The last words.")
	for e = next(); e.Failed; {
		e = next()
	}
	if len(e.Problems) > 0 || !has("posts/edited/", "The last words.") {
		t.Errorf("mended, and yet %+v", e)
	}
	if strings.Contains(p.out.String(), "machine") {
		t.Errorf("a fault of the machine:\n%s", p.out.String())
	}
}
