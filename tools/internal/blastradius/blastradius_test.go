package blastradius

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"duskpress/tools/internal/sitetest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	sitetest.Clean()
	os.Exit(code)
}

// subjects are the tags of generated posts, some used much more than others.
var subjects = strings.Fields("builds caches clocks databases deploys disks dns failover feeds filesystems flamegraphs gc Go http indexes kernels latency leaks limits locks logs memory metrics migrations networks outages parsers paging queues races retries rollbacks rust schedulers search sharding signals sockets storage tcp testing threads timeouts tls tracing types unicode")

// word makes the nth word of a vocabulary: short ones are common.
func word(n int) string {
	const consonants, vowels = "bdfgklmnprstv", "aeiou"
	var b strings.Builder
	for n += 7; n > 0; n /= 65 {
		b.WriteByte(consonants[n%13])
		b.WriteByte(vowels[n/13%5])
	}
	return b.String()
}

// prose is n words, the common ones often, as in a language.
func prose(r *rand.Rand, n int) string {
	zipf := rand.NewZipf(r, 1.07, 2.7, 60_000)
	words := make([]string, n)
	for i := range words {
		words[i] = word(int(zipf.Uint64()))
	}
	return strings.Join(words, " ")
}

// A note is one generated post.
type note struct {
	title string
	date  time.Time
	tags  []string
	body  string
}

func (n note) write(t *testing.T, site, name string) {
	t.Helper()
	sitetest.Write(t, filepath.Join(site, "content", "posts", name+".md"), fmt.Sprintf("+++\ntitle = %q\ndate = %s\ntags = [%s]\n+++\n\n%s\n", n.title, n.date.Format(time.RFC3339), `"`+strings.Join(n.tags, `", "`)+`"`, n.body))
}

func newNote(r *rand.Rand, i int, date time.Time) note {
	var tags []string
	for range 1 + r.IntN(3) {
		if tag := subjects[min(r.IntN(len(subjects)), r.IntN(len(subjects)))]; !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	body := fmt.Sprintf("%s.\n\n## What was seen in case %d\n\n%s.\n\n```go\nfunc %s(n int) error { return nil }\n```\n\n## What changed\n\n%s.", prose(r, 40), i, prose(r, 60), word(r.IntN(60_000)), prose(r, 60))
	return note{fmt.Sprintf("Case %d: %s", i, prose(r, 4)), date, tags, body}
}

// TestBlastRadius counts the files that an edit changes on a large site: what a
// host has to take and a reader's browser to fetch again. The limits are those
// of 10,000 posts, and no file may leave them however many posts there are.
func TestBlastRadius(t *testing.T) {
	posts := 1_200
	if os.Getenv("DUSKPRESS_HEAVY") != "" {
		posts = 10_000
	}
	site := t.TempDir()
	sitetest.CopyRepoSite(t, site)
	for _, name := range []string{"posts", "about.md"} {
		if err := os.RemoveAll(filepath.Join(site, "content", name)); err != nil {
			t.Fatal(err)
		}
	}
	r := rand.New(rand.NewPCG(3, 14))
	begin := time.Date(2010, 1, 1, 9, 0, 0, 0, time.UTC)
	span := time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC).Sub(begin)
	notes := make([]note, posts)
	for i := range notes {
		notes[i] = newNote(r, i, begin.Add(span/time.Duration(posts)*time.Duration(i)))
		notes[i].write(t, site, fmt.Sprintf("case-%05d", i))
	}
	build := func() map[string]sum {
		t.Helper()
		begin := time.Now()
		sitetest.MustBuild(t, site, "--clock", "2026-11-01T00:00:00Z")
		t.Logf("a build of %d posts took %v", posts, time.Since(begin).Round(time.Millisecond))
		return sums(t, filepath.Join(site, "public"))
	}
	last, middle := posts-1, posts/2
	before := build()

	steps := []struct {
		name        string
		edit        func()
		limit       int
		least, most int // of search files; 0: not counted
	}{
		{"the newest body", func() {
			n := notes[last]
			n.body = strings.Replace(n.body, "## What changed", "Another sentence, with a wholly unheard-of word: gribbleflix.\n\n## What changed", 1)
			notes[last] = n
			n.write(t, site, fmt.Sprintf("case-%05d", last))
		}, 8 + 2*len(notes[last].tags), 1, 64},
		{"an old body", func() {
			n := notes[middle]
			n.body += " " + prose(r, 10) + "."
			n.write(t, site, fmt.Sprintf("case-%05d", middle))
		}, 8 + 2*len(notes[middle].tags), 1, 64},
		{"a new post", func() {
			n := newNote(r, posts, begin.Add(span+time.Hour))
			n.tags = []string{"queues", "outages", "Go"}
			n.write(t, site, "new")
		}, 25 + 4*3, 1, 64},
		{"a new post with an old date", func() {
			n := newNote(r, posts+1, notes[middle].date.Add(time.Minute))
			n.tags = []string{"queues", "builds"}
			n.write(t, site, "late")
		}, 25 + 4*2, 1, 64},
		{"other tags", func() {
			n := notes[last-3]
			n.tags = []string{"unicode", "types"}
			n.write(t, site, fmt.Sprintf("case-%05d", last-3))
		}, 25 + 4*(2+len(notes[last-3].tags)), 1, 64},
	}
	for _, s := range steps {
		s.edit()
		after := build()
		var changed, search []string
		bytes := 0
		for _, name := range slices.Sorted(maps.Keys(merged(before, after))) {
			switch {
			case before[name] == after[name]:
			case strings.HasPrefix(name, "search/"):
				search = append(search, name)
				bytes += after[name].size
			default:
				changed = append(changed, name)
			}
		}
		t.Logf("%s: %d files, and %d of search with %d bytes: %s", s.name, len(changed), len(search), bytes, strings.Join(changed, " "))
		if len(changed) == 0 {
			t.Errorf("%s: nothing changed", s.name)
		}
		if len(changed) > s.limit {
			t.Errorf("%s changes %d files, %d are allowed: %q", s.name, len(changed), s.limit, changed)
		}
		if len(search) < s.least || len(search) > s.most || bytes > 1_000_000 {
			t.Errorf("%s changes %d files of the search, %d bytes; at most %d and 1 MB are allowed", s.name, len(search), bytes, s.most)
		}
		before = after
	}
}

// A sum stands for a file.
type sum struct {
	size int
	hash string
}

func merged(a, b map[string]sum) map[string]sum {
	m := maps.Clone(a)
	maps.Copy(m, b)
	return m
}

// sums reads a site without keeping it.
func sums(t *testing.T, dir string) map[string]sum {
	t.Helper()
	m := make(map[string]sum)
	for name, data := range sitetest.Tree(t, dir) {
		m[name] = sum{len(data), sitetest.Sum(map[string]string{"": data})}
	}
	return m
}
