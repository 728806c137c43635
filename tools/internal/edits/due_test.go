package edits

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"duskpress/tools/internal/sitetest"
)

// TestDue waits until one page of a content adapter is due, or expires: a
// build that has nothing else to do has to do that. Its twin, of long ago, is never
// due again.
func TestDue(t *testing.T) {
	const layout = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ .Title }}</title></head><body><h1>{{ .Title }}</h1>{{ .Content }}</body></html>`
	page := func(path, key string, at time.Time) string {
		return `{{ $.AddPage (dict "path" "` + path + `" "title" "T" "dates" (dict "` + key + `" (time.AsTime "` + at.Format(time.RFC3339) + `"))) }}` + "\n"
	}
	for name, key := range map[string]string{"due": "publishDate", "expires": "expiryDate"} {
		for _, flags := range [][]string{nil, {"--incremental"}} {
			t.Run(strings.Join(append([]string{name}, flags...), " "), func(t *testing.T) {
				t.Parallel()
				for patience := 3 * time.Second; ; patience *= 2 {
					dir := t.TempDir()
					at := time.Now().Add(patience).Truncate(time.Second).Add(time.Second)
					sitetest.Write(t, filepath.Join(dir, "hugo.toml"), "baseURL = \"https://due.example.net/\"\ntitle = \"Due\"\n[params.duskpress]\n")
					sitetest.Write(t, filepath.Join(dir, "layouts/all.html"), layout)
					sitetest.Write(t, filepath.Join(dir, "content/posts/_content.gotmpl"), page("one", key, at)+page("twin", "date", time.Unix(1e9, 0)))
					there := func() bool {
						_, err := os.Stat(filepath.Join(dir, "public/posts/one/index.html"))
						return err == nil
					}
					first := sitetest.MustBuild(t, dir, flags...)
					before, again := there(), sitetest.MustBuild(t, dir, flags...)
					if !time.Now().Before(at) && patience < time.Minute {
						continue // this machine had other things to do
					}
					if before != (name == "expires") || strings.Contains(first, "left out, 1:") != (name == "due") {
						t.Fatalf("built early it is there: %v\n%s", before, first)
					}
					if !strings.Contains(again, "Hugo was not run") {
						t.Fatalf("nothing changed:\n%s", again)
					}
					time.Sleep(time.Until(at) + 10*time.Millisecond)
					out := sitetest.MustBuild(t, dir, flags...)
					if there() == before || strings.Contains(out, "left out, 1:") != (name == "expires") {
						t.Fatalf("built late it is there: %v\n%s", there(), out)
					}
					if again := sitetest.MustBuild(t, dir, flags...); !strings.Contains(again, "Hugo was not run") {
						t.Fatalf("nothing more is due:\n%s", again)
					}
					return
				}
			})
		}
	}
}
