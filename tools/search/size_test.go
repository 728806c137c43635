//go:build !race

// The race detector makes counting bytes ten times as slow, and has seen the
// concurrency of an index long before its ten thousandth page.

package search

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

const many = 10_000

// big is a site of ten thousand posts and its index, made once.
type big struct {
	*corpus
	addresses []string
	pages     []*Page
	tree      map[string][]byte
	took      time.Duration
}

var theBig *big

func bigSite(t *testing.T) *big {
	t.Helper()
	if theBig != nil {
		return theBig
	}
	b := &big{corpus: newCorpus()}
	for i := range many {
		a, p := b.page(i)
		b.addresses = append(b.addresses, a)
		b.pages = append(b.pages, p)
	}
	begin := time.Now()
	b.tree = indexOf(t, b.addresses, b.pages)
	b.took = time.Since(begin)
	theBig = b
	return b
}

func indexOf(t testing.TB, addresses []string, pages []*Page) map[string][]byte {
	t.Helper()
	x, err := New(addresses)
	if err != nil {
		t.Fatal(err)
	}
	tree := make(map[string][]byte)
	add := func(f File) {
		if tree[f.Path] != nil {
			t.Fatalf("two files %s", f.Path)
		}
		tree[f.Path] = f.Data
	}
	for i, p := range pages {
		f, err := x.Add(i, p)
		if err != nil {
			t.Fatal(err)
		}
		add(f)
	}
	files, err := x.Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		add(f)
	}
	return tree
}

// changes are the files that differ, removed ones too, and the bytes of those
// that are there.
func changes(a, b map[string][]byte) (names []string, size int) {
	for name, data := range b {
		if !bytes.Equal(a[name], data) {
			names = append(names, name)
			size += len(data)
		}
	}
	for name := range a {
		if b[name] == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, size
}

// TestEdit changes one post of ten thousand and counts what has to be
// published anew.
func TestEdit(t *testing.T) {
	b := bigSite(t)
	words, kinds := make(map[string]bool), make(map[string][3]int)
	for _, p := range b.pages {
		for w := range pageWords(p, false) {
			words[w] = true
		}
	}
	for name, data := range b.tree {
		k := kinds[name[:1]]
		kinds[name[:1]] = [3]int{k[0] + 1, k[1] + len(data), k[2] + zipped(data)}
	}
	t.Logf("%d different words, indexed in %v", len(words), b.took.Round(time.Millisecond))
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		t.Logf("%s: %d files, %d bytes, %d gzip", kind, kinds[kind][0], kinds[kind][1], kinds[kind][2])
	}

	with := func(i int, edit func(p *Page)) map[string][]byte {
		pages := slices.Clone(b.pages)
		p := *pages[i]
		p.Sections = slices.Clone(p.Sections)
		edit(&p)
		pages[i] = &p
		return indexOf(t, b.addresses, pages)
	}
	added := func(i int, date string) map[string][]byte {
		a, p := b.page(i)
		p.Date = date
		return indexOf(t, append(slices.Clone(b.addresses), a), append(slices.Clone(b.pages), p))
	}
	type edit struct {
		name string
		tree func() map[string][]byte
	}
	edits := []edit{
		{"a sentence more", func() map[string][]byte {
			return with(4321, func(p *Page) { p.Sections[1].Text += " the shard splits where nobody looked for it" })
		}},
		{"a section anew", func() map[string][]byte {
			_, other := b.page(many + 5)
			return with(1234, func(p *Page) { p.Sections[2].Text = other.Sections[2].Text })
		}},
		{"another tag", func() map[string][]byte {
			return with(77, func(p *Page) { p.Tags = append(slices.Clone(p.Tags[1:]), "observability") })
		}},
		{"the newest post", func() map[string][]byte { return added(many+7, "2027-01-01") }},
		{"one of years ago", func() map[string][]byte { return added(many+3008, "2015-06-01") }},
	}
	if os.Getenv("DUSKPRESS_HEAVY") == "1" {
		edits = append(edits, edit{"one gone", func() map[string][]byte { return indexOf(t, b.addresses[1:], b.pages[1:]) }})
		for k := range 8 {
			edits = append(edits, edit{fmt.Sprint("another one, ", k), func() map[string][]byte { return added(many+1007+k, "2027-01-01") }})
		}
	}
	for _, edit := range edits {
		names, size := changes(b.tree, edit.tree())
		t.Logf("%s: %d files, %d bytes", edit.name, len(names), size)
		if len(names) == 0 || len(names) > 64 || size > 1<<20 {
			t.Errorf("%s changes %d files, %d bytes: %s", edit.name, len(names), size, strings.Join(names, " "))
		}
	}
}

// TestSmall holds a small site to the same bound, whatever is edited.
func TestSmall(t *testing.T) {
	b := newCorpus()
	var addresses []string
	var pages []*Page
	for i := range smallSite {
		a, p := b.page(i)
		addresses, pages = append(addresses, a), append(pages, p)
	}
	whole := 0
	files := 0
	for name, data := range indexOf(t, addresses, pages) {
		if name[0] != 'r' {
			files++
			whole += len(data)
		}
	}
	t.Logf("%d pages: %d files but for the records, %d bytes", smallSite, files, whole)
	if files > 60 {
		t.Errorf("%d files", files)
	}
}

// TestAdded adds a post to sites of several sizes.
func TestAdded(t *testing.T) {
	b := newCorpus()
	var addresses []string
	var pages []*Page
	sizes := []int{300, smallSite + 50, 1_500, 3_000}
	for _, n := range sizes {
		for i := len(pages); i <= n; i++ {
			a, p := b.page(i)
			addresses, pages = append(addresses, a), append(pages, p)
		}
		names, size := changes(indexOf(t, addresses[:n], pages[:n]), indexOf(t, addresses, pages))
		t.Logf("one more than %d: %d files, %d bytes", n, len(names), size)
		if len(names) > 64 || size > 1_000_000 {
			t.Errorf("one more than %d changes %d files, %d bytes", n, len(names), size)
		}
	}
}

// TestOrder wants the same bytes in whatever order pages come.
func TestOrder(t *testing.T) {
	b := newCorpus()
	addresses := make([]string, 200)
	pages := make([]*Page, 200)
	for i := range addresses {
		addresses[i], pages[i] = b.page(i)
	}
	want := indexOf(t, addresses, pages)
	slices.Reverse(addresses)
	slices.Reverse(pages)
	if names, _ := changes(want, indexOf(t, addresses, pages)); len(names) > 0 {
		t.Errorf("the order of pages changes %s", names)
	}
	if _, err := New([]string{"a", "b", "a"}); err == nil {
		t.Error("two pages at one address")
	}
}

func BenchmarkAdd(b *testing.B) {
	c := newCorpus()
	var addresses []string
	var pages []*Page
	for i := range 1000 {
		a, p := c.page(i)
		addresses, pages = append(addresses, a), append(pages, p)
	}
	for b.Loop() {
		x, err := New(addresses)
		if err != nil {
			b.Fatal(err)
		}
		for i, p := range pages {
			if _, err := x.Add(i, p); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(pages)), "µs/page")
}
