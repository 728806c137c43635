package wholebuild

import (
	"bytes"
	"io"
	"net/http"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"duskpress/tools/internal/sitetest"
	"duskpress/tools/internal/testenv"
)

var (
	servedAt   = regexp.MustCompile(`serving (http://\S+/);`)
	liveScript = regexp.MustCompile(`\n<script src="/\.duskpress-live/live\.js"[^>]*></script>$`)
)

// TestServed compares what serve shows with what build publishes, page by page,
// after the first build and after later ones, less the script that serve adds.
func TestServed(t *testing.T) {
	if runtime.GOOS == "windows" {
		testenv.Lacks(t, testenv.System, "no process can be interrupted from here on Windows")
	}
	tool := sitetest.Tool(t)
	dir := t.TempDir()
	sitetest.CopyRepoSite(t, dir)
	sitetest.Write(t, filepath.Join(dir, "content", "posts", "draft.md"), "+++\ntitle = \"A draft\"\ndate = 2026-11-01\ndraft = true\n+++\n\nNot yet.\n")
	p := start(t, 2*limit, dir, nil, tool, "serve", "--port", "0")
	served := func(n int) string {
		t.Helper()
		for {
			if m := servedAt.FindAllStringSubmatch(p.out.String(), -1); len(m) >= n {
				return m[n-1][1]
			}
			if p.ended() {
				t.Fatalf("serve has ended:\n%s", p.out.String())
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	for n, edit := range []struct{ name, data string }{
		{},
		{"content/posts/draft.md", "+++\ntitle = \"Another draft\"\ndate = 2026-11-02\ntags = [\"queues\"]\ndraft = true\n+++\n\nStill not.\n"},
		{"layouts/_partials/custom/footer.html", "<p>Added</p>\n"},
		{"content/posts/new.md", "# New\n#### 2026-11-03\n###### outages\n\nText with `code`.\n"},
	} {
		if edit.name != "" {
			sitetest.Write(t, filepath.Join(dir, filepath.FromSlash(edit.name)), edit.data)
		}
		base := served(n + 1)
		out := filepath.Join(t.TempDir(), "out")
		press(t, dir, nil, "-b", base, "-D", "-F", "-d", out)
		tree := published(t, out)
		pages := 0
		for name, want := range tree {
			if strings.HasPrefix(path.Base(name), "_") || strings.HasPrefix(name, ".") {
				continue // for the host
			}
			got := fetch(t, base+name)
			if strings.HasSuffix(name, ".html") {
				pages++
				cut := liveScript.ReplaceAll(got, nil)
				if len(cut) == len(got) {
					t.Errorf("build %d: %s has no script that loads it anew", n, name)
				}
				got = cut
			}
			if !bytes.Equal(got, []byte(want)) {
				t.Errorf("build %d: %s: serve shows %d bytes, build publishes %d", n, name, len(got), len(want))
			}
		}
		if pages < 20 {
			t.Errorf("build %d: %d pages", n, pages)
		}
	}
}

func fetch(t *testing.T, address string) []byte {
	t.Helper()
	r, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if r.StatusCode != http.StatusOK && !strings.HasSuffix(address, "/404.html") {
		t.Errorf("%s: %s", address, r.Status)
	}
	return data
}
