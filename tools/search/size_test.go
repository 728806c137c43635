package search

import (
	"bytes"
	"compress/gzip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func zipped(data []byte) int {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, 6)
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Len()
}

func indexOf(t testing.TB, addresses []string, pages []*Page) map[string][]byte {
	t.Helper()
	x, err := New(addresses)
	if err != nil {
		t.Fatal(err)
	}
	tree := make(map[string][]byte)
	for i, p := range pages {
		f, err := x.Add(i, p)
		if err != nil {
			t.Fatal(err)
		}
		tree[f.Path] = f.Data
	}
	files, err := x.Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if tree[f.Path] != nil {
			t.Fatalf("two files %s", f.Path)
		}
		tree[f.Path] = f.Data
	}
	return tree
}

func changed(a, b map[string][]byte) (files, bytesRaw int, names []string) {
	for name, data := range b {
		if !bytes.Equal(a[name], data) {
			files++
			bytesRaw += len(data)
			names = append(names, name)
		}
	}
	for name := range a {
		if b[name] == nil {
			files++
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return
}

func TestSize(t *testing.T) {
	const n = 10_000
	begin := time.Now()
	c := newCorpus()
	addresses := make([]string, n)
	pages := make([]*Page, n)
	for i := range n {
		addresses[i], pages[i] = c.page(i)
	}
	t.Logf("corpus in %v", time.Since(begin))
	begin = time.Now()
	tree := indexOf(t, addresses, pages)
	took := time.Since(begin)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	kinds := map[string][]int{}
	raw := map[string]int{}
	for name, data := range tree {
		k := name[:1]
		kinds[k] = append(kinds[k], zipped(data))
		raw[k] += len(data)
	}
	for k, l := range kinds {
		slices.Sort(l)
		sum := 0
		for _, v := range l {
			sum += v
		}
		t.Logf("%s: %d files, raw %d, gzip %d: median %d, p95 %d, max %d", k, len(l), raw[k], sum, l[len(l)/2], l[len(l)*95/100], l[len(l)-1])
	}
	words, df1 := 0, 0
	x, _ := New(addresses)
	perPost := 0
	for i, p := range pages {
		_, _ = x.Add(i, p)
		if i%100 == 0 {
			perPost += len(pageWords(p, false))
		}
	}
	rows := 0
	for _, w := range x.words {
		words++
		if w.posts == 1 {
			df1++
		}
		rows += min(w.posts, 32)
	}
	t.Logf("%d words, %d once, %d kept postings, %d words a post; indexed in %v, heap %d MB", words, df1, rows, perPost/100, took, m.HeapAlloc>>20)

	// Edits
	for k := range 6 {
		a2, p2 := c.page(n + 1000*k + 7)
		t1 := indexOf(t, append(slices.Clone(addresses), a2), append(slices.Clone(pages), p2))
		f, b, names := changed(tree, t1)
		t.Logf("added: %d files, %d bytes %s", f, b, strings.Join(names[:3], " "))
	}
}

func TestDistribution(t *testing.T) {
	c := newCorpus()
	n, total, chars := 0, 0, 0
	seen := map[string]bool{}
	for i := range 2000 {
		_, p := c.page(i)
		seen2 := map[string]bool{}
		for _, s := range p.Sections {
			f := strings.Fields(s.Text)
			total += len(f)
			chars += len(s.Text)
			for _, w := range f {
				seen2[w] = true
				seen[w] = true
			}
		}
		n += len(seen2)
	}
	_, p := c.page(3)
	t.Logf("%d words a post, %d different, %d chars; %d in 2000\n%s", total/2000, n/2000, chars/2000, len(seen), p.Sections[1].Text)
}
