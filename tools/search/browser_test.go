//go:build !race

// What the browser asks for is counted on the site of size_test.go.

package search

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"duskpress/tools/internal/browser"
)

// server serves the theme's scripts at /js/, an index at /index/, compressed,
// and an empty page at /. It counts the bytes of the index that went out.
type server struct {
	*httptest.Server
	mu    sync.Mutex
	tree  map[string][]byte
	bytes atomic.Int64
	asked atomic.Int64
}

func serve(t *testing.T, tree map[string][]byte) *server {
	t.Helper()
	s := &server{tree: tree}
	scripts := http.StripPrefix("/js/", http.FileServer(http.Dir(filepath.Join("..", "..", "theme", "assets", "js"))))
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ok := strings.CutPrefix(r.URL.Path, "/index/")
		switch {
		case r.URL.Path == "/":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<!doctype html><title>search</title><link rel=icon href=data:,>")
		case ok:
			s.mu.Lock()
			data, found := s.tree[name]
			s.mu.Unlock()
			if !found {
				http.NotFound(w, r)
				return
			}
			s.asked.Add(1)
			s.bytes.Add(int64(zipped(data)))
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			_, _ = z.Write(data)
			_ = z.Close()
		default:
			scripts.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// TestScriptWords compares the words of the browser with those of the index.
func TestScriptWords(t *testing.T) {
	s := serve(t, nil)
	tab := browser.Start(t).Open(t, browser.View{Width: 800})
	tab.Visit(s.URL + "/")
	texts := make([]string, len(wordTable))
	for i, tt := range wordTable {
		texts[i] = tt.text
	}
	// Files of the repository, as people write.
	for _, name := range []string{"README.md", "content/posts/every-mark-on-one-page/index.md", "theme/i18n/he.toml", "theme/i18n/de.toml", "tools/search/words.go", "tools/hugo/markdown.go"} {
		data, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(data))
	}
	in, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	got := browser.Await[[]string](tab, fmt.Sprintf(`import("/js/search/words.js").then(({words}) => %s.map((text) => words(text).sort().join(" ")))`, in))
	for i, text := range texts {
		var list []string
		Words(text, func(w string) { list = append(list, w) })
		slices.SortFunc(list, compare)
		if want := strings.Join(list, " "); got[i] != want {
			a, b := strings.Fields(got[i]), strings.Fields(want)
			for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
				a, b = a[1:], b[1:]
			}
			t.Errorf("%.60q: the script has %q, the index %q", text, a[:min(len(a), 5)], b[:min(len(b), 5)])
		}
	}
}

type result struct {
	URL   string  `json:"url"`
	Page  string  `json:"page"`
	Cover float64 `json:"cover"`
	Date  string  `json:"date"`
}

const askScript = `import("/js/search/engine.js").then(async ({open}) => {
  const answer = await open(location.origin + "/index/en/")(%s);
  return answer.more ? answer.more() : [];
})`

// ask asks as a reader does who comes for the first time.
func ask(tab *browser.Tab, question string) []result {
	q, _ := json.Marshal(question)
	return browser.Await[[]result](tab, fmt.Sprintf(askScript, q))
}

// below gives an index another directory.
func below(dir string, tree map[string][]byte) map[string][]byte {
	moved := make(map[string][]byte)
	for name, data := range tree {
		moved[dir+name] = data
	}
	return moved
}

// TestBytes asks an index of ten thousand posts, and counts what comes over the
// wire, compressed: the root, the shards, and the records of what is shown.
func TestBytes(t *testing.T) {
	b := bigSite(t)
	s := serve(t, below("en/", b.tree))
	tab := browser.Start(t).Open(t, browser.View{Width: 800})
	tab.Visit(s.URL + "/")

	// A post's words that few others have.
	counts := make(map[string]int)
	for _, p := range b.pages {
		for w := range pageWords(p, false) {
			counts[w]++
		}
	}
	rare := func(i int) []string {
		var list []string
		for _, section := range b.pages[i].Sections {
			Words(section.Text, func(w string) {
				if counts[w] <= 3 && len(w) > 5 && !slices.Contains(list, w) {
					list = append(list, w)
				}
			})
		}
		return list
	}
	swap := func(w string, i int) string { return w[:i] + w[i+1:i+2] + w[i:i+1] + w[i+2:] }
	type query struct {
		text string
		post int // that is expected among the first three, or -1
	}
	var queries []query
	for k := range 6 {
		i := 36 + k*1602
		title := strings.Fields(b.pages[i].Title)
		r := rare(i)
		if len(r) < 2 {
			t.Fatalf("post %d has no rare words", i)
		}
		queries = append(queries,
			query{b.pages[i].Title, i},
			query{r[0], i},
			query{r[0] + " " + r[1], i},
			query{r[0][:len(r[0])-1], -1},
			query{title[0] + " " + title[1] + " " + r[1], i},
			query{strings.Join(title[:2], " ") + " " + strings.Join(b.pages[i].Tags, " "), -1},
			query{strings.Join(strings.Fields(b.pages[i].Sections[0].Text)[:9], " "), -1},
		)
		// Words of more than one post are those that errors lead to.
		for _, w := range title {
			if len(w) >= 6 && counts[w] > 1 && counts[swap(w, 0)] == 0 && w[0] != w[1] {
				queries = append(queries, query{swap(w, 0), -1}, query{swap(w, len(w)-3) + " " + r[0], i})
				break
			}
		}
	}
	for _, w := range []string{b.text[0], b.text[0] + " " + b.text[1], b.text[30] + " " + b.text[200] + " " + b.text[1000], b.text[5][:1], b.text[900][:2], b.text[500][:3]} {
		queries = append(queries, query{w, -1})
	}
	most, sum, missed := int64(0), int64(0), 0
	for _, q := range queries {
		s.bytes.Store(0)
		s.asked.Store(0)
		results := ask(tab, q.text)
		n := s.bytes.Load()
		sum += n
		most = max(most, n)
		at := -1
		if q.post >= 0 {
			want := strings.TrimPrefix(b.addresses[q.post], "../..")
			at = slices.IndexFunc(results, func(r result) bool { return strings.HasSuffix(r.Page, want) })
			if at < 0 || at > 2 {
				missed++
			}
		}
		t.Logf("%5d bytes, %2d files, %d results, place %d: %s", n, s.asked.Load(), len(results), at+1, q.text)
		if n > 50_000 {
			t.Errorf("%q costs %d bytes", q.text, n)
		}
		if len(results) == 0 && q.post >= 0 {
			t.Errorf("%q finds nothing", q.text)
		}
	}
	t.Logf("%d queries: %d bytes on average, %d at most", len(queries), sum/int64(len(queries)), most)
	if missed > len(queries)/20 {
		t.Errorf("%d posts are not among the first three", missed)
	}
	for _, c := range tab.Complaints() {
		t.Error(c)
	}
}

func zipped(data []byte) int {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, 6)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Len()
}
